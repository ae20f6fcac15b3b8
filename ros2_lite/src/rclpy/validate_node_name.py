"""Check of a node name."""

from __future__ import annotations

from typing import Literal

from rclpy.exceptions import InvalidNodeNameException
from ros2_lite.rosnames import node_fault


def validate_node_name(node_name: str) -> Literal[True]:
    """Return True, or raise InvalidNodeNameException."""
    fault = node_fault(node_name)
    if fault is None:
        return True
    raise InvalidNodeNameException(node_name, *fault)
