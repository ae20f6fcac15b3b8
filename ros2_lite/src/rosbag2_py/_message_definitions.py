"""The text of a type and of all types it refers to, as bags carry it."""

from __future__ import annotations

from rosidl_parser import definition as d

from ros2_lite.idl import InterfaceError, interface_file, library
from ros2_lite.idl.classes import get_interface
from ros2_lite.idl.names import type_hash

from ._metadata import MessageDefinition

_SEPARATOR = "=" * 80


class LocalMessageDefinitionSource:
    """Finds definitions on the interface search path."""

    def get_full_text(self, root_type: str) -> MessageDefinition:
        """Return the text of 'pkg/msg/Name'; an empty definition when it is not known here."""
        try:
            parsed = library.definition(root_type)
            if not isinstance(parsed, d.Message):
                return MessageDefinition(root_type, "unknown", "", "")
            texts = [_text(root_type)]
            for name in _dependencies(root_type):
                package, _, stem = name.split("/")
                texts.append(f"{_SEPARATOR}\nMSG: {package}/{stem}\n{_text(name)}")
            return MessageDefinition(root_type, "ros2msg", "\n".join(texts), type_hash(get_interface(root_type)))
        except InterfaceError:
            return MessageDefinition(root_type, "unknown", "", "")


def _text(name: str) -> str:
    with open(interface_file(*name.split("/")), encoding="utf-8") as f:
        return f.read()


def _dependencies(root: str) -> list[str]:
    """Return the message types that a type refers to, directly or not, each once, in order of appearance."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        parsed = library.definition(name)
        assert isinstance(parsed, d.Message)
        for m in parsed.structure.members:
            type_ = m.type.value_type if isinstance(m.type, d.AbstractNestedType) else m.type
            if isinstance(type_, d.NamespacedType) and library.reference(type_) not in found:
                found[library.reference(type_)] = None
                visit(library.reference(type_))

    visit(root)
    return list(found)
