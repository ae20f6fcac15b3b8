"""Check of a topic or service name, which may be relative."""

from __future__ import annotations

from typing import Literal

from rclpy.exceptions import InvalidServiceNameException, InvalidTopicNameException
from ros2_lite.rosnames import topic_fault


def validate_topic_name(name: str, *, is_service: bool = False) -> Literal[True]:
    """Return True, or raise InvalidTopicNameException (InvalidServiceNameException for a service)."""
    fault = topic_fault(name)
    if fault is None:
        return True
    raise (InvalidServiceNameException if is_service else InvalidTopicNameException)(name, *fault)


TOPIC_SEPARATOR_STRING = "/"
