"""Interfaces at run time: definitions from text, message classes, CDR, type hashes.

Names are loaded on first use, because the import hook comes by here at interpreter start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cdr import deserialize, serialize
    from .classes import get_interface, type_name
    from .errors import CdrError, InterfaceError, InterfaceNotFoundError, InterfaceSyntaxError
    from .library import interface_file, list_interfaces, list_packages
    from .names import dds_type_name, type_hash

_HOMES = {
    "get_interface": "classes",
    "type_name": "classes",
    "serialize": "cdr",
    "deserialize": "cdr",
    "type_hash": "names",
    "dds_type_name": "names",
    "interface_file": "library",
    "list_interfaces": "library",
    "list_packages": "library",
    "CdrError": "errors",
    "InterfaceError": "errors",
    "InterfaceNotFoundError": "errors",
    "InterfaceSyntaxError": "errors",
}

__all__ = [
    "CdrError",
    "InterfaceError",
    "InterfaceNotFoundError",
    "InterfaceSyntaxError",
    "dds_type_name",
    "deserialize",
    "get_interface",
    "interface_file",
    "list_interfaces",
    "list_packages",
    "serialize",
    "type_hash",
    "type_name",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
