"""Feedback at the pace of a reader: a driver tells its progress each period, a client wants some of it."""

import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec

FEEDBACK_S = 0.05

More = ParamSpec("More")


def seldom(tell: Callable[Concatenate[float, More], None]) -> Callable[Concatenate[float, More], None]:
    """Pass progress (a share, 0 to 1, and what goes with it) on every `FEEDBACK_S` at most, and the end always."""
    due_s = 0.0

    def tell_seldom(share: float, /, *args: More.args, **kwargs: More.kwargs) -> None:
        nonlocal due_s
        now = time.monotonic()
        if now >= due_s or share >= 1.0:
            due_s = now + FEEDBACK_S
            tell(share, *args, **kwargs)

    return tell_seldom
