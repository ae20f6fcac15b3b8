"""Wait longer, or shorter, for a system to be ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T", bound=Callable[..., Any])


def ready_to_test_action_timeout(timeout: float) -> Callable[[_T], _T]:
    """Set how many seconds ``generate_test_description`` has until its ReadyToTest action."""

    def decorator(function: _T) -> _T:
        function.__ready_to_test_action_timeout__ = timeout  # type: ignore[attr-defined]
        return function

    return decorator
