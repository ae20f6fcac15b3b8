"""The parts of upstream's XML and YAML front end that Python launch files use.

Launch files in XML and YAML are not read: the parser's classes exist, so that annotations hold, and say so when used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

__all__ = [
    "Entity",
    "InvalidFrontendLaunchFileError",
    "Parser",
    "expose_action",
    "expose_substitution",
]

_T = TypeVar("_T", bound=type)

# Name as written in $(name ...): class, and the least and greatest number of arguments (None: any).
substitutions: dict[str, tuple[type, int, int | None]] = {}
actions: dict[str, type] = {}


class InvalidFrontendLaunchFileError(Exception):
    """Raised for a launch file that no front end reads."""


def expose_substitution(name: str, least: int = 0, greatest: int | None = None) -> Callable[[_T], _T]:
    """Make a substitution available as ``$(name arguments)`` in text with substitutions."""

    def expose(cls: _T) -> _T:
        substitutions[name] = (cls, least, least if greatest is None and least else greatest)
        return cls

    return expose


def expose_action(name: str) -> Callable[[_T], _T]:
    """Remember an action by its XML tag."""

    def expose(cls: _T) -> _T:
        actions[name] = cls
        return cls

    return expose


def __getattr__(name: str) -> NoReturn:
    if name == "type_utils":
        raise NotImplementedError(
            "launch.frontend.type_utils is not part of ros2_lite: see launch.utilities.type_utils"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _NotSupported:
    """Base of the classes that are here by name only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._refuse()

    @classmethod
    def _refuse(cls) -> NoReturn:
        raise NotImplementedError(
            f"launch.frontend.{cls.__name__} is not part of ros2_lite: write the launch file in Python"
        )


class Entity(_NotSupported):
    """An XML or YAML element."""


class Parser(_NotSupported):
    """A reader of XML or YAML launch files."""

    @classmethod
    def load(cls, file: Any) -> NoReturn:
        """Refuse to read a file."""
        raise InvalidFrontendLaunchFileError(
            f"'{file}': launch files in XML and YAML are not supported by ros2_lite, write it in Python (.launch.py)"
        )

    @classmethod
    def get_file_extensions_from_parsers(cls) -> set[str]:
        """Return the endings of the names of files that can be read: none."""
        return set()
