"""What Recorder and Player share: a context of their own, and signals that end the work and are passed on after it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rclpy.context import Context

_LEVELS = ("debug", "info", "warn", "error", "fatal")


def make_context(log_level: str) -> Context:
    """Return an initialised context with that log level."""
    if log_level.lower() not in _LEVELS:
        raise RuntimeError(
            f"failed to initialize rcl: Couldn't parse log level '{log_level}', expected one of {', '.join(_LEVELS)}"
        )
    context = Context()
    context.init(args=["--ros-args", "--log-level", log_level])
    return context


@contextmanager
def ended_by_signals(cancel: Callable[[], None]) -> Iterator[None]:
    """Call `cancel` on SIGINT and SIGTERM; when the work is over, hand the signal to whoever had it before."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may install handlers
        return
    received: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        received.append(number)
        cancel()

    before = {s: signal.signal(s, handle) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        # as upstream: the default handlers are not called, so a recorder that was told to stop ends in peace
        if (
            received
            and callable(before[signal.Signals(received[-1])])
            and before[signal.Signals(received[-1])] is not signal.default_int_handler
        ):
            before[signal.Signals(received[-1])](received[-1], None)  # type: ignore[operator, misc]
