"""The default context and small helpers."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from rclpy.constants import S_TO_NS
from rclpy.context import Context

_default_context: Context | None = None
_context_lock = threading.RLock()


def get_default_context(*, shutting_down: bool = False) -> Context:
    """Return the context that everything uses that is given none.

    With `shutting_down`, also forget it, so that the next call makes a new one.
    """
    global _default_context
    with _context_lock:
        context = _default_context
        if context is None:
            context = _default_context = Context()
        if shutting_down:
            _default_context = None
        return context


def remove_ros_args(args: Sequence[str] | None = None) -> list[str]:
    """Return `args` (None: sys.argv) without those that are ROS's."""
    from ros2_lite.arguments import remove_ros_arguments

    return remove_ros_arguments(sys.argv if args is None else args)


def ok(*, context: Context | None = None) -> bool:
    """Is the context initialised and not shut down?"""
    return (get_default_context() if context is None else context).ok()


def shutdown(*, context: Context | None = None) -> None:
    """Shut the context down; RCLError where it is shut down already."""
    (get_default_context(shutting_down=True) if context is None else context).shutdown()


def try_shutdown(*, context: Context | None = None) -> None:
    """Shut the context down where it is not shut down already."""
    global _default_context
    if context is not None:
        context.try_shutdown()
        return
    with _context_lock:
        default = get_default_context()
        default.try_shutdown()
        if not default.ok() and _default_context is default:
            _default_context = None


def get_rmw_implementation_identifier() -> str:
    """Return 'rmw_cyclonedds_cpp', whose wire this speaks."""
    return "rmw_cyclonedds_cpp"


def get_available_rmw_implementations() -> set[str]:
    """Return the one there is."""
    return {"rmw_cyclonedds_cpp"}


def timeout_sec_to_nsec(timeout_sec: float | None) -> int:
    """Turn seconds into nanoseconds; None and negative into -1, which blocks for ever."""
    return -1 if timeout_sec is None or timeout_sec < 0 else int(float(timeout_sec) * S_TO_NS)
