"""Classes by their types."""

from __future__ import annotations

import importlib
from typing import Any

from rosidl_parser.definition import NamespacedType


def import_message_from_namespaced_type(message_type: NamespacedType) -> Any:
    """Return the class of a message, service or action.

    Raises:
        ModuleNotFoundError: there is no such package.
        AttributeError: the package has no such interface.
    """
    module = importlib.import_module(".".join(message_type.namespaces))
    if message_type.name.endswith("_FeedbackMessage"):
        action, _, name = message_type.name.rpartition("_")
        return getattr(getattr(module, action).Impl, name)
    return getattr(module, message_type.name)
