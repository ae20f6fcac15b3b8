"""Actions and substitutions for launching ROS nodes."""

import importlib
from typing import Any

from . import actions, descriptions, substitutions

__all__ = ["actions", "descriptions", "event_handlers", "events", "ros_adapters", "substitutions"]


def __getattr__(name: str) -> Any:
    # What needs rclpy is imported when asked for: most launch files can do without.
    if name in ("event_handlers", "events", "ros_adapters"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
