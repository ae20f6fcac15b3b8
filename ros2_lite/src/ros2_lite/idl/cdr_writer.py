"""Compile a function that writes a message type as CDR.

Members of fixed size that follow each other, through nested messages too, become one `struct` call; arrays of numbers
are handed over as buffers. What is written is collected in a list and joined once, so an image is copied once.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from rosidl_parser import definition as d

from . import library
from .cdr_layout import PRIMITIVES, Alignment, leading_alignment, members_of, uniform
from .classes import packed

_RUN_TIME = ""  # stands for a format in a run whose padding only run time can tell


def compile_writer(name: str) -> Callable[[Any, bytes], bytes]:
    """Return a function (message, header) -> header + members of 'pkg/kind/Name'."""
    writer = _Writer()
    writer.message(name, "m0")
    source, scope = writer.finish()
    exec(compile(source, f"<write {name}>", "exec"), scope)
    return scope["write"]


def wide(text: str) -> bytes:
    """Encode a wstring as rmw_cyclonedds does: its UTF-16 units, each in 32 bits."""
    return np.frombuffer(text.encode("utf-16-le"), "<u2").astype("<u4").tobytes()


class _Writer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.indent = 1
        self.scope: dict[str, Any] = {"join": b"".join, "wide": wide}
        self.at = Alignment()
        self.static: int | None = 0  # the offset, as long as it is the same for every message
        self.run: list[tuple[str, int, str]] = []  # struct format, size, expression
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

    def primitive(self, fmt: str, size: int, expression: str, alignment: int | None = None) -> None:
        """Queue a value of fixed size; it joins the run before it when its padding is known."""
        alignment = alignment or size
        padding = self.at.padding(alignment)
        if padding is None:
            self.flush()
            self.run.append((_RUN_TIME, alignment, ""))
            self.at = Alignment(alignment, 0)
        elif padding:
            self.run.append((f"{padding}x", padding, ""))
            self.at.advance(padding)
        self.run.append((fmt, size, expression))
        self.at.advance(size)

    def flush(self) -> None:
        """Emit the queued run as one pack call."""
        if not self.run:
            return
        run, self.run = self.run, []
        fmt = "".join(f for f, _, _ in run)
        arguments = ", ".join(e for _, _, e in run if e)
        if run[0][0] == _RUN_TIME:
            alignment = run[0][1]
            packs = tuple(struct.Struct(f"<{-k % alignment}x{fmt}").pack for k in range(alignment))
            self.emit(f"p = {self.constant(packs)}[o & {alignment - 1}]({arguments})")
            self.emit("w(p); o += len(p)")
            return
        packer = struct.Struct("<" + fmt)
        self.emit(f"w({self.constant(packer.pack)}({arguments}))")
        if self.static is None:
            self.emit(f"o += {packer.size}")
        else:
            self.static += packer.size

    def go_dynamic(self) -> None:
        """From here on the offset is kept in the variable `o`."""
        self.flush()
        if self.static is not None:
            self.emit(f"o = {self.static}")
            self.static = None

    def pad(self, alignment: int) -> None:
        """Emit padding between runs."""
        padding = self.at.padding(alignment)
        if padding is None:
            pads = self.constant(tuple(bytes(-k % alignment) for k in range(alignment)))
            self.emit(f"p = {pads}[o & {alignment - 1}]; w(p); o += len(p)")
        elif padding:
            self.emit(f"w({bytes(padding)!r}); o += {padding}")

    def message(self, name: str, variable: str) -> None:
        for m in members_of(name):
            if m.name == d.EMPTY_STRUCTURE_REQUIRED_MEMBER_NAME:
                self.primitive("x", 1, "")
            else:
                self.member(m.type, f"{variable}._{m.name}")

    def member(self, type_: d.AbstractType, expression: str) -> None:
        if isinstance(type_, d.BasicType):
            fmt, size = PRIMITIVES[type_.typename]
            if type_.typename == "boolean":
                fmt = "?"
            elif type_.typename == "octet":
                fmt, expression = "c", f"bytes({expression})"
            self.primitive(fmt, size, expression)
        elif isinstance(type_, d.AbstractGenericString):
            self.string(type_, expression)
        elif isinstance(type_, d.NamespacedType):
            variable = self.fresh("m")
            self.emit(f"{variable} = {expression}")
            self.message(library.reference(type_), variable)
        elif isinstance(type_, d.Array):
            self.array(type_, expression)
        else:
            assert isinstance(type_, d.AbstractSequence)
            self.sequence(type_, expression)

    def string(self, type_: d.AbstractGenericString, expression: str) -> None:
        text = self.fresh("s")
        if isinstance(type_, d.BoundedString | d.BoundedWString):
            self.emit(f"if len({expression}) > {type_.maximum_size}: raise ValueError")
        if isinstance(type_, d.AbstractWString):
            self.emit(f"{text} = wide({expression})")
            self.primitive("I", 4, f"len({text}) >> 2")
        else:
            self.emit(f"{text} = {expression}.encode() + b'\\0'")
            self.primitive("I", 4, f"len({text})")
        self.go_dynamic()
        self.emit(f"w({text}); o += len({text})")
        self.at.weaken(4 if isinstance(type_, d.AbstractWString) else 1)

    def array(self, type_: d.Array, expression: str) -> None:
        values = self.fresh("a")
        self.emit(f"{values} = {expression}")
        idl = packed(type_)
        if idl:
            size = PRIMITIVES[idl][1]
            self.emit(f"if {values}.shape != ({type_.size},): raise ValueError")
            # one opaque block in the run: aligned like an element, as long as all of them
            self.primitive(f"{size * type_.size}s", size * type_.size, f"{values}.tobytes()", size)
            return
        self.emit(f"if len({values}) != {type_.size}: raise ValueError")
        self.elements(type_.value_type, values)

    def sequence(self, type_: d.AbstractSequence, expression: str) -> None:
        values = self.fresh("a")
        self.emit(f"{values} = {expression}")
        if isinstance(type_, d.BoundedSequence):
            self.emit(f"if len({values}) > {type_.maximum_size}: raise ValueError")
        self.primitive("I", 4, f"len({values})")
        idl = packed(type_)
        if not idl:
            self.elements(type_.value_type, values)
            return
        size = PRIMITIVES[idl][1]
        self.go_dynamic()
        self.emit(f"if {values}:")
        self.indent += 1
        self.pad(size)
        self.emit(f"w({values}); o += len({values}) * {size}")
        self.indent -= 1
        # an empty sequence is not followed by padding, so only the alignment of its length is sure
        self.at.weaken(min(size, 4))

    def elements(self, type_: d.AbstractNestableType, values: str) -> None:
        """Emit the elements of an array or sequence that are not packed numbers."""
        self.go_dynamic()
        if isinstance(type_, d.BasicType):
            if type_.typename == "boolean":
                self.emit(f"w(bytes([1 if v else 0 for v in {values}])); o += len({values})")
            else:
                self.emit(f"p = join({values})")
                self.emit(f"if len(p) != len({values}): raise ValueError")
                self.emit("w(p); o += len(p)")
            self.at.weaken(1)
            return
        alignment = leading_alignment(type_)
        loop = Alignment(alignment, 0)
        if uniform(type_, loop):
            self.emit(f"if {values}:")
            self.indent += 1
            self.emit("pass")
            self.pad(alignment)
            self.indent -= 1
            after = min(alignment, 4)
        else:
            loop, after = Alignment(1, 0), 1
        outer, self.at = self.at, loop
        variable = self.fresh("e")
        self.emit(f"for {variable} in {values}:")
        self.indent += 1
        self.member(type_, variable)
        self.flush()
        self.indent -= 1
        self.at = outer
        self.at.weaken(after)

    def finish(self) -> tuple[str, dict[str, Any]]:
        if self.static == 0:  # all of fixed size: one pack call is the whole message
            packer = struct.Struct("<" + "".join(f for f, _, _ in self.run))
            arguments = ", ".join(e for _, _, e in self.run if e)
            self.emit(f"return h + {self.constant(packer.pack)}({arguments})")
            return "\n".join(["def write(m0, h):", *self.lines]), self.scope
        self.flush()
        self.emit("return join(parts)")
        return "\n".join(["def write(m0, h):", "    parts = [h]; w = parts.append", *self.lines]), self.scope
