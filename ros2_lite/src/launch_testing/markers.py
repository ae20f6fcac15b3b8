"""Marks of test descriptions and tests."""

from __future__ import annotations

import functools
import inspect
import time
import unittest
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T", bound=Callable[..., Any])


def keep_alive(test_description: _T) -> _T:
    """Keep the launch running although all processes have ended."""
    markers = getattr(test_description, "__markers__", {})
    markers["keep_alive"] = True
    test_description.__markers__ = markers  # type: ignore[attr-defined]
    return test_description


def retry_on_failure(*, times: int, delay: float | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Try a test method again when an assertion fails.

    Args:
        times: how often at most.
        delay: seconds between.
    """
    assert times > 0

    def decorator(function: Callable[..., Any]) -> Callable[..., Any]:
        assert next(iter(inspect.signature(function).parameters)) == "self"

        @functools.wraps(function)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            for _ in range(times - 1):
                try:
                    result = function(self, *args, **kwargs)
                    if isinstance(self, unittest.TestCase):
                        assert self._outcome.success  # type: ignore[attr-defined]  # a subtest may have failed
                    return result
                except AssertionError:
                    _forget_failure(self)
                if delay is not None:
                    time.sleep(delay)
            return function(self, *args, **kwargs)

        return wrapper

    return decorator


def _forget_failure(test: Any) -> None:
    outcome = getattr(test, "_outcome", None)
    if outcome is None:
        return
    if hasattr(outcome, "errors"):
        outcome.errors.clear()
    elif outcome.result is not None:
        outcome.result.errors.clear()
    outcome.success = True
