"""What can go wrong with interfaces, as types."""

from __future__ import annotations


class InterfaceError(Exception):
    """Base of everything that this package raises about interface definitions."""


class InterfaceNotFoundError(InterfaceError, LookupError):
    """No definition text of that name lies on the search path."""


class InterfaceSyntaxError(InterfaceError, ValueError):
    """A definition text does not follow the rules of .msg, .srv and .action files."""


class CdrError(ValueError):
    """Bytes that are not a message of the expected type; says which field, at which offset, and why."""
