"""Check of a parameter's name."""

from __future__ import annotations

from typing import Literal

from rclpy.exceptions import InvalidParameterException


def validate_parameter_name(name: str) -> Literal[True]:
    """Return True, or raise InvalidParameterException: the name is empty."""
    if not name:
        raise InvalidParameterException(name)
    return True
