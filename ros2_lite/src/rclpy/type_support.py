"""Checks that a class is what it should be: a message, a service or an action."""

from __future__ import annotations

from typing import Any

from rclpy.exceptions import NoTypeSupportImportedException


def _name(interface: Any) -> str | None:
    from ros2_lite import idl

    try:
        return idl.type_name(interface)
    except (TypeError, AttributeError, idl.InterfaceError):
        return None


def check_for_type_support(msg_or_srv_type: Any) -> None:
    """Raise where the class comes from no interface."""
    if not isinstance(msg_or_srv_type, type):
        raise AttributeError(
            f"{msg_or_srv_type!r} is no class. This might be a ROS 1 message type "
            "but it should be a ROS 2 message type."
        )
    if _name(msg_or_srv_type) is None:
        raise NoTypeSupportImportedException(f"{msg_or_srv_type} comes from no .msg, .srv or .action")


def check_is_valid_msg_type(msg_type: Any) -> None:
    """Raise where the class is no message."""
    check_for_type_support(msg_type)
    if hasattr(msg_type, "Request") or hasattr(msg_type, "Goal"):
        raise RuntimeError(f"The message type provided is not valid ({msg_type}), this might be a service or action")


def check_is_valid_srv_type(srv_type: Any) -> None:
    """Raise where the class is no service."""
    check_for_type_support(srv_type)
    if not (hasattr(srv_type, "Request") and hasattr(srv_type, "Response")):
        raise RuntimeError(f"The service type provided is not valid ({srv_type}), this might be a message or action")
