"""Matchers that pick processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


def _matches(key: str, test: Callable[[Any], bool]) -> Callable[[ExecuteLocal], bool]:
    def matcher(action: ExecuteLocal) -> bool:
        details = action.process_details
        return details is not None and key in details and test(details[key])

    return matcher


def matches_pid(pid: int) -> Callable[[ExecuteLocal], bool]:
    """Return a matcher of the process with an id."""
    return _matches("pid", lambda value: value == pid)


def matches_name(name: str) -> Callable[[ExecuteLocal], bool]:
    """Return a matcher of the process with a name."""
    return _matches("name", lambda value: value == name)


def matches_executable(executable: str) -> Callable[[ExecuteLocal], bool]:
    """Return a matcher of the processes whose executable's path ends so."""
    return _matches("cmd", lambda value: value[0].endswith(executable))
