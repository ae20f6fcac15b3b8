"""What the CDR writer, reader and explainer share: sizes of primitives, and what is known of alignment."""

from __future__ import annotations

from rosidl_parser import definition as d

from . import library

# IDL name -> (struct format, size)
PRIMITIVES = {
    "boolean": ("B", 1),
    "octet": ("c", 1),
    "int8": ("b", 1),
    "uint8": ("B", 1),
    "int16": ("h", 2),
    "uint16": ("H", 2),
    "int32": ("i", 4),
    "uint32": ("I", 4),
    "int64": ("q", 8),
    "uint64": ("Q", 8),
    "float": ("f", 4),
    "double": ("d", 8),
}


def members_of(name: str) -> list[d.Member]:
    """Return the members of a message type by its name."""
    message = library.definition(name)
    assert isinstance(message, d.Message)
    return message.structure.members


class Alignment:
    """What is known, while code is generated, of an offset: that it is `residue` modulo `modulus`."""

    def __init__(self, modulus: int = 8, residue: int = 0) -> None:
        self.modulus, self.residue = modulus, residue

    def padding(self, size: int) -> int | None:
        """Return the padding before a primitive of that size, None when only run time can tell."""
        return -self.residue % size if self.modulus >= size else None

    def advance(self, size: int) -> None:
        """Note that the offset grew by a known number of bytes."""
        self.residue = (self.residue + size) % self.modulus

    def weaken(self, modulus: int) -> None:
        """Note that the offset grew by an unknown multiple of `modulus`."""
        self.modulus = min(self.modulus, modulus)
        self.residue %= self.modulus

    def copy(self) -> Alignment:
        """Return an independent copy."""
        return Alignment(self.modulus, self.residue)


def leading_alignment(type_: d.AbstractType) -> int:
    """Return the alignment of the first primitive of a type."""
    while True:
        if isinstance(type_, d.Array):
            type_ = type_.value_type
        elif isinstance(type_, d.NamespacedType):
            type_ = members_of(library.reference(type_))[0].type
        else:
            return PRIMITIVES[type_.typename][1] if isinstance(type_, d.BasicType) else 4


def fixed_size(type_: d.AbstractType, at: Alignment) -> int | None:
    """Return the size on the wire, padding included, of a type that starts at `at`; None when it varies."""
    if isinstance(type_, d.BasicType):
        size = PRIMITIVES[type_.typename][1]
        padding = at.padding(size)
        if padding is None:
            return None
        at.advance(padding + size)
        return padding + size
    if isinstance(type_, d.Array):
        types: list[d.AbstractType] = [type_.value_type] * type_.size
    elif isinstance(type_, d.NamespacedType):
        types = [m.type for m in members_of(library.reference(type_))]
    else:
        return None
    total = 0
    for t in types:
        part = fixed_size(t, at)
        if part is None:
            return None
        total += part
    return total


def uniform(type_: d.AbstractType, at: Alignment) -> bool:
    """Tell whether every element of a loop that starts at `at` starts at the same known alignment."""
    size = fixed_size(type_, at.copy())
    return size is not None and size % at.modulus == 0
