"""Actions and substitutions for launching ROS nodes."""

from typing import NoReturn

from . import actions, descriptions, substitutions

__all__ = ["actions", "descriptions", "substitutions"]

_LACKING = {
    "event_handlers": "it handles the transitions of LifecycleNode",
    "events": "it holds the transitions of LifecycleNode",
    "ros_adapters": "the launch has no node of its own",
}


def __getattr__(name: str) -> NoReturn:
    if name in _LACKING:
        raise NotImplementedError(f"launch_ros.{name} is not part of ros2_lite: {_LACKING[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
