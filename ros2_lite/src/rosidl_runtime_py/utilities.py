"""Classes by their names."""

from __future__ import annotations

from typing import Any

from rosidl_parser.definition import NamespacedType

from .import_message import import_message_from_namespaced_type


def _namespaced_type(identifier: str, default_namespace: str | None = None) -> NamespacedType:
    *namespaces, name = identifier.split("/")
    if len(namespaces) == 1 and default_namespace is not None:
        namespaces.append(default_namespace)
    return NamespacedType(namespaces, name)


def get_namespaced_type(identifier: str) -> NamespacedType:
    """Return the type of 'package/kind/Name'."""
    return _namespaced_type(identifier)


def get_message_namespaced_type(identifier: str) -> NamespacedType:
    """Return the type of 'package/msg/Name' or 'package/Name'."""
    return _namespaced_type(identifier, "msg")


def get_service_namespaced_type(identifier: str) -> NamespacedType:
    """Return the type of 'package/srv/Name' or 'package/Name'."""
    return _namespaced_type(identifier, "srv")


def get_action_namespaced_type(identifier: str) -> NamespacedType:
    """Return the type of 'package/action/Name' or 'package/Name'."""
    return _namespaced_type(identifier, "action")


def get_interface(identifier: str) -> Any:
    """Return the class of 'package/kind/Name'."""
    return import_message_from_namespaced_type(get_namespaced_type(identifier))


def get_message(identifier: str) -> Any:
    """Return the class of a message.

    Raises:
        ValueError: it is something else.
        ModuleNotFoundError, AttributeError: there is no such message.
    """
    interface = import_message_from_namespaced_type(get_message_namespaced_type(identifier))
    if not is_message(interface):
        raise ValueError(f"Expected the full name of a message, got '{identifier}'")
    return interface


def get_service(identifier: str) -> Any:
    """Return the class of a service; raises as `get_message`."""
    interface = import_message_from_namespaced_type(get_service_namespaced_type(identifier))
    if not is_service(interface):
        raise ValueError(f"Expected the full name of a service, got '{identifier}'")
    return interface


def get_action(identifier: str) -> Any:
    """Return the class of an action; raises as `get_message`."""
    interface = import_message_from_namespaced_type(get_action_namespaced_type(identifier))
    if not is_action(interface):
        raise ValueError(f"Expected the full name of an action, got '{identifier}'")
    return interface


def is_message(interface: Any) -> bool:
    """Return whether a class is a message."""
    return hasattr(interface, "SLOT_TYPES")


def is_service(interface: Any) -> bool:
    """Return whether a class is a service."""
    return hasattr(interface, "Request") and hasattr(interface, "Response")


def is_action(interface: Any) -> bool:
    """Return whether a class is an action."""
    return all(hasattr(interface, part) for part in ("Goal", "Result", "Feedback"))
