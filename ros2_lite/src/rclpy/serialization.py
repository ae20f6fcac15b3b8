"""Messages to CDR bytes and back."""

from __future__ import annotations

from typing import Any

from rclpy.type_support import check_for_type_support
from ros2_lite import idl


def serialize_message(message: Any) -> bytes:
    """Return a message as CDR, with its 4-byte header."""
    check_for_type_support(type(message))
    return idl.serialize(message)


def deserialize_message(serialized_message: bytes, message_type: Any) -> Any:
    """Read a message from CDR; RCLError-like CdrError where the bytes are not one."""
    check_for_type_support(message_type)
    return idl.deserialize(serialized_message, message_type)
