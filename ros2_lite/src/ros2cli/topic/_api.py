"""What several topic commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ros2cli._names import topics
from ros2cli._node import spin_until


def add_topic_argument(parser: argparse.ArgumentParser, purpose: str, dest: str = "topic_name") -> None:
    """Declare the topic."""
    parser.add_argument(dest, help=f"Name of the ROS topic to {purpose} (e.g. '/chatter')")


def message_class(name: str) -> Any:
    """Return the class of a message type.

    Raises:
        RuntimeError: there is no such type.
    """
    from rosidl_runtime_py.utilities import get_message

    try:
        return get_message(name)
    except (AttributeError, ModuleNotFoundError, ValueError) as error:
        raise RuntimeError("The passed message type is invalid") from error


def full_topic_name(node: Any, topic: str) -> str:
    """Return the name of a topic with its namespace.

    Raises:
        RuntimeError: this is no topic's name.
    """
    from rclpy.exceptions import InvalidTopicNameException
    from rclpy.expand_topic_name import expand_topic_name
    from rclpy.validate_full_topic_name import validate_full_topic_name

    try:
        name: str = expand_topic_name(topic, node.get_name(), node.get_namespace())
        validate_full_topic_name(name)
    except (ValueError, InvalidTopicNameException) as error:
        raise RuntimeError(str(error)) from error
    return name


def topic_is_known(topic: str) -> Callable[[Any], bool]:
    """Return whether a node has seen a topic, as a function of the node."""
    return lambda node: _types(node, topic) is not None


def _types(node: Any, topic: str) -> list[str] | None:
    name = full_topic_name(node, topic)
    return next((types for found, types in topics(node, include_hidden=True) if found == name), None)


def topic_class(node: Any, topic: str, *, blocking: bool = False) -> Any:
    """Return the class of a topic's messages, or None if it is not there (``blocking``: wait for it).

    Raises:
        RuntimeError: the topic has several types, or one that is not known here.
    """
    from rosidl_runtime_py.utilities import get_message

    if _types(node, topic) is None:
        print(f"WARNING: topic [{topic}] does not appear to be published yet")
        if blocking:
            spin_until(node, lambda: _types(node, topic) is not None, None)
    types = _types(node, topic)
    if types is None:
        return None
    if len(types) > 1:
        raise RuntimeError(f"Cannot echo topic '{topic}', as it contains more than one type: [{', '.join(types)}]")
    try:
        return get_message(types[0])
    except (AttributeError, ModuleNotFoundError, ValueError) as error:
        raise RuntimeError(f"The message type '{types[0]}' is invalid") from error
