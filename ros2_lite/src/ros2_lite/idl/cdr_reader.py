"""Compile a function that reads a message type from CDR.

The mirror of the writer. Objects are made without their constructors; large arrays of numbers stay views into the
bytes until somebody reads them. The compiled code stops at the first thing that is wrong (by `struct.error` or another
exception); what it was is found out afterwards by `cdr_explain`, so that good messages do not pay for it.
"""

from __future__ import annotations

import array
import os
import struct
import sys
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from rosidl_parser import definition as d

from . import library
from .cdr_layout import PRIMITIVES, Alignment, leading_alignment, members_of, uniform
from .classes import LAZY_BYTES, PACKED, get_interface, packed

_START = 4  # offsets count from the encapsulation header, alignment from its end
_NATIVE_LITTLE = sys.byteorder == "little"


def compile_reader(name: str, little: bool) -> Callable[[Any], Any]:
    """Return a function bytes -> message for 'pkg/kind/Name' in one byte order."""
    reader = _Reader(little)
    variable = reader.message(name)
    source, scope = reader.finish(variable)
    exec(compile(source, f"<read {name}>", "exec"), scope)
    return scope["read"]


def narrow(data: memoryview, order: str) -> str:
    """Decode a wstring: UTF-16 units, each in 32 bits."""
    units = np.frombuffer(data, order + "u4")
    if units.size and units.max() > 0xFFFF:
        raise ValueError("a wide character does not fit 16 bits")
    return units.astype("<u2").tobytes().decode("utf-16-le")


class _Reader:
    def __init__(self, little: bool) -> None:
        self.order: Literal["<", ">"] = "<" if little else ">"
        self.swap = little != _NATIVE_LITTLE
        self.lines: list[str] = []
        self.indent = 1
        self.scope: dict[str, Any] = {
            "new": object.__new__,
            "array": array.array,
            "mv": memoryview,
            "frombuffer": np.frombuffer,
            "narrow": narrow,
            "BOOL": (False, True),
            "CHECK": os.environ.get("ROS_PYTHON_CHECK_FIELDS", "") == "1",
        }
        self.at = Alignment()
        self.static: int | None = _START
        self.run: list[tuple[str, int, str]] = []  # struct format, size, target
        self.after: list[str] = []  # lines that turn what the run read into what the fields hold
        self.count = 0

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def constant(self, value: Any) -> str:
        name = self.fresh("k")
        self.scope[name] = value
        return name

    def align(self, alignment: int) -> None:
        """Emit alignment of the variable `o` where generation cannot know the padding."""
        padding = self.at.padding(alignment)
        if padding is None:
            # 8 is the one alignment that does not divide the start
            self.emit("o = (o + 3 & -8) + 4" if alignment == 8 else f"o = o + {alignment - 1} & -{alignment}")
            self.at = Alignment(alignment, 0)
        elif padding:
            self.emit(f"o += {padding}")
            self.at.advance(padding)

    def primitive(self, fmt: str, size: int, target: str, alignment: int | None = None) -> None:
        """Queue a value of fixed size; it joins the run before it when its padding is known."""
        alignment = alignment or size
        padding = self.at.padding(alignment)
        if padding is None:
            self.flush()
            self.align(alignment)
        elif padding:
            self.run.append((f"{padding}x", padding, ""))
            self.at.advance(padding)
        self.run.append((fmt, size, target))
        self.at.advance(size)

    def flush(self) -> None:
        """Emit the queued run as one unpack call."""
        run, self.run = self.run, []
        if run:
            unpacker = struct.Struct(self.order + "".join(f for f, _, _ in run))
            targets = "".join(f"{t}, " for _, _, t in run if t)
            at = "o" if self.static is None else str(self.static)
            unpack = f"{self.constant(unpacker.unpack_from)}(b, {at})"
            self.emit(f"{targets}= {unpack}" if targets else unpack)
            if self.static is None:
                self.emit(f"o += {unpacker.size}")
            else:
                self.static += unpacker.size
        after, self.after = self.after, []
        for line in after:
            self.emit(line)

    def go_dynamic(self) -> None:
        """From here on the offset is kept in the variable `o`."""
        self.flush()
        if self.static is not None:
            self.emit(f"o = {self.static}")
            self.static = None

    def message(self, name: str) -> str:
        variable = self.fresh("m")
        self.emit(f"{variable} = new({self.constant(get_interface(name))}); {variable}._check_fields = CHECK")
        for m in members_of(name):
            if m.name == d.EMPTY_STRUCTURE_REQUIRED_MEMBER_NAME:
                self.primitive("x", 1, "")
            else:
                self.member(m.type, f"{variable}._{m.name}")
        return variable

    def member(self, type_: d.AbstractType, target: str) -> None:
        if isinstance(type_, d.BasicType):
            fmt, size = PRIMITIVES[type_.typename]
            if type_.typename != "boolean":
                self.primitive(fmt, size, target)
                return
            flag = self.fresh("t")
            self.primitive(fmt, size, flag)
            self.after.append(f"{target} = BOOL[{flag}]")  # anything but 0 and 1 is an IndexError
        elif isinstance(type_, d.AbstractGenericString):
            self.string(type_, target)
        elif isinstance(type_, d.NamespacedType):
            variable = self.message(library.reference(type_))
            self.emit(f"{target} = {variable}")
        elif isinstance(type_, d.Array):
            self.array(type_, target)
        else:
            assert isinstance(type_, d.AbstractSequence)
            self.sequence(type_, target)

    def string(self, type_: d.AbstractGenericString, target: str) -> None:
        self.primitive("I", 4, "n")
        self.go_dynamic()
        if isinstance(type_, d.AbstractWString):
            self.emit("e = o + n * 4")
            self.emit("if e > z: raise ValueError")
            self.emit(f"s = narrow(mv(b)[o:e], {self.order!r})")
        else:
            self.emit("e = o + n")
            self.emit("if e > z or n and b[e - 1]: raise ValueError")
            self.emit("s = str(b[o:e - 1], 'utf-8', 'replace') if n > 1 else ''")
        if isinstance(type_, d.BoundedString | d.BoundedWString):
            self.emit(f"if len(s) > {type_.maximum_size}: raise ValueError")
        self.emit(f"{target} = s; o = e")
        self.at.weaken(4 if isinstance(type_, d.AbstractWString) else 1)

    def array(self, type_: d.Array, target: str) -> None:
        idl = packed(type_)
        if idl:
            size = PRIMITIVES[idl][1]
            block, dtype = self.fresh("t"), np.dtype(PACKED[idl][1])
            wire = self.constant(dtype.newbyteorder(self.order))
            native = f".astype({self.constant(dtype)})" if self.swap else ".copy()"
            self.primitive(f"{size * type_.size}s", size * type_.size, block, size)
            self.after.append(f"{target} = frombuffer({block}, {wire}){native}")
            return
        self.go_dynamic()
        self.elements(type_.value_type, target, str(type_.size))

    def sequence(self, type_: d.AbstractSequence, target: str) -> None:
        count = self.fresh("n")
        self.primitive("I", 4, count)
        self.go_dynamic()
        if isinstance(type_, d.BoundedSequence):
            self.emit(f"if {count} > {type_.maximum_size}: raise ValueError")
        idl = packed(type_)
        if not idl:
            self.elements(type_.value_type, target, count)
            return
        size, code = PRIMITIVES[idl][1], PACKED[idl][0]
        outer = self.at.copy()
        self.emit(f"if {count}:")
        self.indent += 1
        self.align(size)
        self.emit(f"e = o + {count} * {size}")
        self.emit("if e > z: raise ValueError")
        if self.swap:
            self.emit(f"a = array({code!r}); a.frombytes(mv(b)[o:e])" + ("; a.byteswap()" if size > 1 else ""))
        else:
            self.emit(f"if e - o < {LAZY_BYTES}: a = array({code!r}); a.frombytes(b[o:e])")
            self.emit(f"else: a = mv(b)[o:e].cast({code!r})")
        self.emit(f"{target} = a; o = e")
        self.indent -= 1
        self.emit(f"else: {target} = array({code!r})")
        self.at = outer
        self.at.weaken(min(size, 4))

    def elements(self, type_: d.AbstractNestableType, target: str, count: str) -> None:
        """Emit the elements of an array or sequence that are not packed numbers."""
        # every element takes a byte at least, so a count beyond the end is a lie: refuse it before it costs memory
        self.emit(f"if {count} > z - o: raise ValueError")
        if isinstance(type_, d.BasicType):
            self.emit(f"e = o + {count}")
            self.emit(
                f"{target} = [BOOL[v] for v in b[o:e]]; o = e"
                if type_.typename == "boolean"
                else f"{target} = [bytes((v,)) for v in b[o:e]]; o = e"
            )
            self.at.weaken(1)
            return
        alignment = leading_alignment(type_)
        loop = Alignment(alignment, 0)
        outer = self.at
        after = 1
        values = self.fresh("l")
        if uniform(type_, loop):
            after = min(alignment, 4)
            self.emit(f"if {count}:")
            self.indent += 1
            self.emit("pass")
            self.at = outer.copy()
            self.align(alignment)
            self.indent -= 1
        else:
            loop = Alignment(1, 0)
        self.at = loop
        self.emit(f"{values} = {target} = []")
        self.emit(f"for _ in range({count}):")
        self.indent += 1
        element = self.fresh("v")
        if isinstance(type_, d.NamespacedType):
            element = self.message(library.reference(type_))
        else:
            self.member(type_, element)
        self.flush()
        self.emit(f"{values}.append({element})")
        self.indent -= 1
        self.at = outer
        self.at.weaken(after)

    def finish(self, variable: str) -> tuple[str, dict[str, Any]]:
        self.flush()
        # DDSI pads a payload to a multiple of four; more left over means that this is another type
        end = "o" if self.static is None else str(self.static)
        self.emit(f"if z - {end} > 3: raise ValueError")
        self.emit(f"return {variable}")
        return "\n".join(["def read(b):", "    z = len(b)", *self.lines]), self.scope
