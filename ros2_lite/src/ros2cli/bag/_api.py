"""What several bag commands share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from typing import IO, Any

_DURATIONS = ("deadline", "lifespan", "liveliness_lease_duration")
_VALUES = ("depth", "avoid_ros_namespace_conventions")
_SERVICE_EVENTS = "/_service_event"


def error(text: str) -> str:
    """Return a message of failure in the command's style."""
    return f"[ERROR] [ros2bag]: {text}"


def existing_path(text: str) -> str:
    """Check that a bag is there."""
    if not os.path.exists(text):
        raise argparse.ArgumentTypeError(f"Bag path '{text}' does not exist!")
    return text


def not_negative_float(text: str) -> float:
    """Read a number not below zero."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not the valid type (float)") from None
    if value < 0.0:
        raise argparse.ArgumentTypeError(f"Value {value} is less than zero.")
    return value


def add_reader_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the bag."""
    from rosbag2_py import get_registered_readers

    parser.add_argument("bag_path", type=existing_path, help="Bag to open")
    parser.add_argument(
        "-s",
        "--storage",
        default="",
        choices=sorted(get_registered_readers()),
        help="Storage implementation of bag. By default attempts to detect automatically - use this argument to "
        "override.",
    )


def service_event_topics(services: Iterable[str] | None) -> list[str]:
    """Return the topics on which the events of services are published."""
    return [f"/{service.strip('/')}{_SERVICE_EVENTS}" for service in services or ()]


def read_qos_overrides(file: IO[str] | None) -> dict[str, Any]:
    """Read QoS profiles by topic from a YAML file.

    Raises:
        ValueError: a policy is unknown or has no such value.
    """
    if file is None:
        return {}
    import yaml

    return {topic: _profile(policies) for topic, policies in (yaml.safe_load(file) or {}).items()}


def _profile(policies: dict[str, Any]) -> Any:
    from rclpy import qos
    from rclpy.duration import Duration

    kinds = {
        "history": qos.QoSHistoryPolicy,
        "reliability": qos.QoSReliabilityPolicy,
        "durability": qos.QoSDurabilityPolicy,
        "liveliness": qos.QoSLivelinessPolicy,
    }
    arguments: dict[str, Any] = {}
    for name, value in policies.items():
        if name in kinds:
            arguments[name] = kinds[name].get_from_short_key(value)
        elif name in _DURATIONS:
            if set(value) != {"sec", "nsec"}:
                raise ValueError("Time overrides must include both seconds (sec) and nanoseconds (nsec).")
            arguments[name] = Duration(seconds=value["sec"], nanoseconds=value["nsec"])
            if arguments[name] < Duration():
                raise ValueError("Time duration may not be a negative value.")
        elif name in _VALUES:
            if value < 0:
                raise ValueError(f"`{name}` may not be a negative value.")
            arguments[name] = value
        else:
            raise ValueError(f"Unexpected key `{name}` for QoS profile.")
    return qos.QoSProfile(**arguments)
