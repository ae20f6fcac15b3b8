"""Check of a namespace."""

from __future__ import annotations

from typing import Literal

from rclpy.exceptions import InvalidNamespaceException
from ros2_lite.rosnames import namespace_fault


def validate_namespace(namespace: str) -> Literal[True]:
    """Return True, or raise InvalidNamespaceException."""
    fault = namespace_fault(namespace)
    if fault is None:
        return True
    raise InvalidNamespaceException(namespace, *fault)
