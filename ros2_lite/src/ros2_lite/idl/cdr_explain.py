"""Say what is wrong with bytes or a message that the compiled CDR code refused.

Slow and thorough: walks type and data together and keeps the path of the field, so that the fast code need not.
"""

from __future__ import annotations

import struct
from typing import Any

from rosidl_parser import definition as d

from . import library
from .cdr_layout import PRIMITIVES, members_of
from .checks import field_check
from .classes import get_interface, is_empty, packed


class _FoundError(Exception):
    """Carries the explanation out of the walk."""


def explain_bytes(data: bytes | memoryview, name: str, skip: int, cause: Exception | None) -> str:
    """Return 'type.field at offset n: reason' for bytes that are no such message."""
    view = memoryview(data)
    if len(view) < 4 + skip:
        return f"{name}: {len(view)} bytes are too few for the encapsulation header"
    kind = bytes(view[:2])
    if kind not in (b"\x00\x00", b"\x00\x01"):
        return f"{name} at offset 0: encapsulation 0x{kind.hex()} is not plain CDR (0x0000 or 0x0001)"
    walk = _Walk(view[skip:], "<" if kind[1] else ">")
    try:
        walk.message(name, name)
        left = len(walk.data) - walk.offset
        if left > 3:
            walk.fail(name, f"{left} bytes are left over after the last field")
    except _FoundError as e:
        return str(e)
    except RecursionError:
        return f"{name}: nested too deeply"
    return f"{name}: {cause!r}"


class _Walk:
    def __init__(self, data: memoryview, order: str) -> None:
        self.data, self.order, self.offset = data, order, 4

    def fail(self, path: str, reason: str) -> None:
        raise _FoundError(f"{path} at offset {self.offset}: {reason}")

    def take(self, path: str, fmt: str, size: int, count: int = 1) -> int:
        """Align, check that `count` primitives are there, and return the first."""
        self.offset += -(self.offset - 4) % size
        if size * count > len(self.data) - self.offset:
            self.fail(path, f"needs {size * count} bytes, {max(0, len(self.data) - self.offset)} are left")
        value = struct.unpack_from(self.order + fmt, self.data, self.offset)[0] if count else 0
        self.offset += size * count
        return value

    def message(self, name: str, path: str) -> None:
        for m in members_of(name):
            self.member(m.type, f"{path}.{m.name}")

    def member(self, type_: d.AbstractType, path: str) -> None:
        if isinstance(type_, d.BasicType):
            value = self.take(path, *PRIMITIVES[type_.typename])
            if type_.typename == "boolean" and value > 1:
                self.offset -= 1
                self.fail(path, f"{value} is not a boolean")
        elif isinstance(type_, d.AbstractGenericString):
            self.string(type_, path)
        elif isinstance(type_, d.NamespacedType):
            self.message(library.reference(type_), path)
        else:
            assert isinstance(type_, d.AbstractNestedType)
            self.elements(type_, path)

    def string(self, type_: d.AbstractGenericString, path: str) -> None:
        length = self.take(path, "I", 4)
        width = 4 if isinstance(type_, d.AbstractWString) else 1
        start = self.offset
        if length * width > len(self.data) - start:
            self.fail(path, f"string of {length} characters, {len(self.data) - start} bytes are left")
        self.offset += length * width
        raw = bytes(self.data[start : self.offset])
        if width == 1:
            if raw and raw[-1]:
                self.fail(path, f"string of {length} bytes does not end with a null")
            text = raw[:-1].decode("utf-8", "replace")
        else:
            from .cdr_reader import narrow

            try:
                text = narrow(memoryview(raw), self.order)
            except ValueError as e:
                self.fail(path, f"not a wide string: {e}")
        bound = type_.maximum_size if isinstance(type_, d.BoundedString | d.BoundedWString) else None
        if bound is not None and len(text) > bound:
            self.fail(path, f"{len(text)} characters, the bound is {bound}")

    def elements(self, type_: d.AbstractNestedType, path: str) -> None:
        if isinstance(type_, d.Array):
            count = type_.size
        else:
            count = self.take(path, "I", 4)
            if isinstance(type_, d.BoundedSequence) and count > type_.maximum_size:
                self.fail(path, f"{count} elements, the bound is {type_.maximum_size}")
        idl = packed(type_)
        if idl:
            if count:
                self.take(path, *PRIMITIVES[idl], count)
            return
        if count > len(self.data) - self.offset:
            self.fail(path, f"{count} elements, {len(self.data) - self.offset} bytes are left")
        for i in range(count):
            self.member(type_.value_type, f"{path}[{i}]")


def explain_message(msg: Any, cause: Exception) -> str:
    """Return 'type.field: reason' for a message that could not be written."""
    name = getattr(type(msg), "_TYPE_NAME", None)
    if name is None or not hasattr(msg, "SLOT_TYPES"):
        return f"expected a message, got {type(msg).__name__}"
    try:
        _check_message(msg, name, name)
    except _FoundError as e:
        return str(e)
    return f"{name}: {cause!r}"


def _check_message(msg: Any, name: str, path: str) -> None:
    members = members_of(name)
    for m in [] if is_empty(members) else members:
        here = f"{path}.{m.name}"
        nested = m.type.value_type if isinstance(m.type, d.AbstractNestedType) else m.type
        cls = get_interface(library.reference(nested)) if isinstance(nested, d.NamespacedType) else None
        try:
            value = getattr(msg, m.name)
            field_check(m.name, m.type, cls)(value)
        except AssertionError as e:
            raise _FoundError(f"{here}: {e}, got {_short(getattr(msg, m.name))}") from None
        except AttributeError as e:
            raise _FoundError(f"{here}: {e}") from None
        if isinstance(m.type, d.Array) and packed(m.type) and value.shape != (m.type.size,):
            raise _FoundError(f"{here}: array of shape {value.shape}, expected ({m.type.size},)")
        if isinstance(nested, d.NamespacedType):
            values = value if isinstance(m.type, d.AbstractNestedType) else [value]
            for i, v in enumerate(values):
                _check_message(v, library.reference(nested), f"{here}[{i}]" if values is value else here)
        elif isinstance(nested, d.AbstractGenericString):
            for v in value if isinstance(m.type, d.AbstractNestedType) else [value]:
                try:
                    v.encode()
                except UnicodeEncodeError as e:
                    raise _FoundError(f"{here}: {e}") from None


def _short(value: Any) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) < 60 else text[:57] + '...'}"
