"""Fill messages from dictionaries."""

from __future__ import annotations

import array
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy
from rosidl_parser.definition import AbstractNestedType, NamespacedType

from .convert import get_message_slot_types
from .import_message import import_message_from_namespaced_type


def set_message_fields(
    msg: Any, values: Any, expand_header_auto: bool = False, expand_time_now: bool = False
) -> list[Callable[[Any], None]]:
    """Fill a message.

    Args:
        msg: the message.
        values: its fields by name, those of nested messages as dictionaries.
        expand_header_auto: the text 'auto' for a header stands for the time of publishing.
        expand_time_now: the text 'now' for a time stands for the time of publishing.

    Returns:
        functions that set the times that 'auto' and 'now' stand for.

    Raises:
        TypeError: values are not a dictionary.
        AttributeError: the message has no such field.
        ValueError, AssertionError: a value is not of the field's type.
    """
    setters: list[Callable[[Any], None]] = []
    _fill(msg, values, setters, expand_header_auto, expand_time_now)
    return setters


def _name(cls: type) -> str:
    return f"{cls.__module__.split('.')[0]}/{cls.__name__}"


def _fill(msg: Any, values: Any, setters: list[Callable[[Any], None]], auto: bool, now: bool) -> None:
    try:
        items = values.items()
    except AttributeError:
        raise TypeError(f"Value '{values}' is expected to be a dictionary but is a {type(values).__name__}") from None
    for name, value in items:
        field = getattr(msg, name)
        cls = type(field)
        if auto and value == "auto" and _name(cls) == "std_msgs/Header":
            setters.append(partial(setattr, field, "stamp"))
            continue
        if now and value == "now" and _name(cls) == "builtin_interfaces/Time":
            setters.append(partial(setattr, msg, name))
            continue
        if cls is array.array:
            converted: Any = array.array(field.typecode, value)
        elif cls is numpy.ndarray:
            converted = numpy.array(value, dtype=field.dtype)
        elif type(value) is cls:
            converted = value
        elif hasattr(cls, "SLOT_TYPES"):
            converted = cls()
            _fill(converted, value, setters, auto, now)
        else:
            converted = cls(value)
        slot_type = get_message_slot_types(msg)[name]
        if isinstance(slot_type, AbstractNestedType) and isinstance(slot_type.value_type, NamespacedType):
            element = import_message_from_namespaced_type(slot_type.value_type)
            elements = []
            for item in converted:
                elements.append(element())
                _fill(elements[-1], item, setters, auto, now)
            converted = elements
        setattr(msg, name, converted)
