"""Mark tests that run after the shutdown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T", bound=type)


def post_shutdown_test() -> Callable[[_T], _T]:
    """Have the tests of a class run when the processes have ended."""

    def decorator(test_item: _T) -> _T:
        if not isinstance(test_item, type):
            raise TypeError("postcondition_test should decorate test classes")
        test_item.__post_shutdown_test__ = True  # type: ignore[attr-defined]
        return test_item

    return decorator
