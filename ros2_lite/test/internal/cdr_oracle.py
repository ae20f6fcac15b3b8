"""Arbitrary messages, and an independent CDR implementation to compare with: cyclonedds' typed serialiser.

It shares nothing with ros2_lite's: types are declared to it anew from the parsed definitions, and values are handed
over as plain Python objects. It knows no wide strings, so types that have them are left out.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from cyclonedds.idl import make_idl_struct, types
from cyclonedds.idl._support import Endianness
from hypothesis import strategies as st
from rosidl_parser import definition as d

from ros2_lite.idl import library, list_interfaces, list_packages
from ros2_lite.idl.classes import get_interface

_BASIC = {
    "boolean": bool,
    "octet": types.uint8,
    "float": types.float32,
    "double": types.float64,
    **{t: getattr(types, t) for t in d.EXPLICIT_INTEGER_TYPES},
}


def message_names() -> list[str]:
    """Return the names of all messages of all built-in packages, derived ones included."""
    for package in list_packages():
        if package.startswith("deft"):
            continue
        for kind, stems in list_interfaces(package).items():
            for stem in stems:
                library.definition(f"{package}/{kind}/{stem}")
    return sorted(
        n
        for n, definition in library._definitions.items()
        if isinstance(definition, d.Message) and not n.startswith("deft")
    )


def members(name: str) -> list[d.Member]:
    definition = library.definition(name)
    assert isinstance(definition, d.Message)
    return definition.structure.members


@cache
def declared(name: str) -> Any:
    """Declare a type to cyclonedds."""
    fields = {m.name: _declared_type(m.type) for m in members(name)}
    return make_idl_struct(name.replace("/", "_"), name.replace("/", "::"), fields)


def _declared_type(type_: d.AbstractType) -> Any:
    if isinstance(type_, d.BasicType):
        return _BASIC[type_.typename]
    if isinstance(type_, d.AbstractWString):
        raise NotImplementedError
    if isinstance(type_, d.AbstractGenericString):
        return str
    if isinstance(type_, d.NamespacedType):
        return declared("/".join(type_.namespaced_name()))
    assert isinstance(type_, d.AbstractNestedType)
    if isinstance(type_, d.Array):
        return types.array[_declared_type(type_.value_type), type_.size]
    return types.sequence[_declared_type(type_.value_type)]


def to_oracle(value: Any, type_: d.AbstractType) -> Any:
    """Turn a field's value into what cyclonedds takes."""
    if isinstance(type_, d.NamespacedType):
        name = "/".join(type_.namespaced_name())
        return declared(name)(**{m.name: to_oracle(getattr(value, m.name, 0), m.type) for m in members(name)})
    if isinstance(type_, d.AbstractNestedType):
        return [to_oracle(v.item() if isinstance(v, np.generic) else v, type_.value_type) for v in value]
    if isinstance(type_, d.BasicType) and type_.typename == "octet":
        return value[0]
    return value


def oracle_bytes(message: Any, name: str, little: bool = True) -> bytes:
    """Serialise with cyclonedds, header included."""
    kind = d.NamespacedType(name.split("/")[:2], name.split("/")[2])
    return bytes(
        to_oracle(message, kind).serialize(
            endianness=Endianness.Little if little else Endianness.Big, use_version_2=False
        )
    )


def messages(name: str) -> st.SearchStrategy[Any]:
    """Return a strategy for messages of a type."""
    fields = {m.name: _values(m.type) for m in members(name) if m.name != d.EMPTY_STRUCTURE_REQUIRED_MEMBER_NAME}
    return st.builds(get_interface(name), **fields)


def _values(type_: d.AbstractType) -> st.SearchStrategy[Any]:
    if isinstance(type_, d.NamespacedType):
        return messages("/".join(type_.namespaced_name()))
    if isinstance(type_, d.AbstractGenericString):
        most = type_.maximum_size if isinstance(type_, d.BoundedString | d.BoundedWString) else 12
        return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=min(most, 12))
    if isinstance(type_, d.AbstractNestedType):
        low, high = (type_.size,) * 2 if isinstance(type_, d.Array) else (0, 3)
        if isinstance(type_, d.BoundedSequence):
            high = min(high, type_.maximum_size)
        if low > 6:  # covariances: the values matter less than their place
            return _values(type_.value_type).map(lambda v: [v] + [type(v)()] * (low - 2) + [v])
        return st.lists(_values(type_.value_type), min_size=low, max_size=high)
    assert isinstance(type_, d.BasicType)
    name = type_.typename
    if name == "boolean":
        return st.booleans()
    if name == "octet":
        return st.binary(min_size=1, max_size=1)
    if name in ("float", "double"):
        return st.floats(width=32 if name == "float" else 64, allow_nan=False)
    bits = int(name.lstrip("uint"))
    return st.integers(0, 2**bits - 1) if name[0] == "u" else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def padded(data: bytes) -> bytes:
    """Fill up to a multiple of four, as cyclonedds does."""
    return data + bytes(-len(data) % 4)
