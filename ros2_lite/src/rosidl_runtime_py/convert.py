"""Messages as YAML, CSV and dictionaries."""

from __future__ import annotations

import array
from collections import OrderedDict
from typing import Any

import numpy
from rosidl_parser.definition import (
    AbstractString,
    AbstractWString,
    Array,
    BasicType,
    BoundedSequence,
    NamedType,
    NamespacedType,
    UnboundedSequence,
)

_NO_WRAPPING = 2**31 - 1
_ARRAYS = (list, tuple, array.array, numpy.ndarray)


def get_message_slot_types(msg: Any) -> OrderedDict[str, Any]:
    """Map the names of a message's fields to their types."""
    return OrderedDict(zip(msg.get_fields_and_field_types(), msg.SLOT_TYPES, strict=True))


def _type_name(value_type: Any) -> str:
    if isinstance(value_type, BasicType):
        return str(value_type.typename)
    if isinstance(value_type, AbstractString):
        return "string"
    if isinstance(value_type, AbstractWString):
        return "wstring"
    if isinstance(value_type, NamespacedType):
        return "/".join(value_type.namespaced_name())
    return str(value_type.name) if isinstance(value_type, NamedType) else "unknown"


def _array_info(value: Any, field_type: Any) -> str:
    name = _type_name(field_type.value_type)
    if isinstance(field_type, Array):
        return f"<array type: {name}[{field_type.size}]>"
    if isinstance(field_type, BoundedSequence):
        return f"<sequence type: {name}[{field_type.maximum_size}], length: {len(value)}>"
    if isinstance(field_type, UnboundedSequence):
        return f"<sequence type: {name}, length: {len(value)}>"
    return "unknown"


class _Converter:
    """Turns values into plain Python, shortened as asked."""

    def __init__(self, truncate_length: int | None, no_arr: bool, no_str: bool) -> None:
        self.length = truncate_length
        self.no_arr = no_arr
        self.no_str = no_str

    def message(self, msg: Any) -> OrderedDict[str, Any]:
        return OrderedDict(
            (name, self.value(getattr(msg, name, None), field_type))
            for name, field_type in get_message_slot_types(msg).items()
        )

    def value(self, value: Any, field_type: Any = None) -> Any:
        if isinstance(value, bool | int | float):
            return value
        if isinstance(value, numpy.generic):
            return value.item()
        if isinstance(value, bytes):
            return self._shorten(value.decode("latin-1"))
        if isinstance(value, str):
            return f"<string length: <{len(value)}>>" if self.no_str else self._shorten(value)
        if isinstance(value, _ARRAYS):
            return self._array(value, field_type)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        return self.message(value)

    def _shorten(self, text: str) -> str:
        return text if self.length is None or len(text) <= self.length else f"{text[: self.length]}..."

    def _array(self, value: Any, field_type: Any) -> Any:
        if self.no_arr and field_type is not None:
            return _array_info(value, field_type)
        shown = value if self.length is None else value[: self.length]
        if isinstance(shown, array.array | numpy.ndarray):
            items = shown.tolist()
        else:
            items = [self.value(item) for item in shown]
        if len(shown) < len(value):
            items.append("...")
        return tuple(items) if isinstance(value, tuple) else items


def message_to_ordereddict(
    msg: Any, *, truncate_length: int | None = None, no_arr: bool = False, no_str: bool = False
) -> OrderedDict[str, Any]:
    """Convert a message.

    Args:
        msg: the message.
        truncate_length: how much to show of arrays and text.
        no_arr: show of arrays the type and length only.
        no_str: show of text the length only.
    """
    return _Converter(truncate_length, no_arr, no_str).message(msg)


def message_to_yaml(
    msg: Any,
    *,
    truncate_length: int | None = None,
    no_arr: bool = False,
    no_str: bool = False,
    flow_style: bool = False,
) -> str:
    """Convert a message; see `message_to_ordereddict`. ``flow_style``: arrays in one line."""
    import yaml

    base = getattr(yaml, "CDumper", yaml.Dumper)

    class Dumper(base):  # type: ignore[misc, valid-type]
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def represent(dumper: Any, data: OrderedDict[str, Any]) -> Any:
        node = dumper.represent_dict(data.items())
        node.flow_style = False  # as upstream: only arrays, and what is in them, are shown in one line
        return node

    Dumper.add_representer(OrderedDict, represent)
    values = message_to_ordereddict(msg, truncate_length=truncate_length, no_arr=no_arr, no_str=no_str)
    text: str = yaml.dump(
        values, Dumper=Dumper, allow_unicode=True, width=_NO_WRAPPING, default_flow_style=flow_style, sort_keys=False
    )
    return text


def message_to_csv(msg: Any, *, truncate_length: int | None = None, no_arr: bool = False, no_str: bool = False) -> str:
    """Convert a message to its values, separated by commas; see `message_to_ordereddict`."""

    def text(value: Any, field_type: Any = None) -> str:
        if isinstance(value, _ARRAYS):
            if no_arr and field_type is not None:
                return _array_info(value, field_type)
            shown = value if truncate_length is None else value[:truncate_length]
            parts = [text(item) for item in shown]
            return ",".join(parts + ["..."] * (len(shown) < len(value)))
        if isinstance(value, str | bytes):
            if no_str and isinstance(value, str):
                return f"<string length: <{len(value)}>>"
            if truncate_length is not None and len(value) > truncate_length:
                return str(value[:truncate_length] + (b"..." if isinstance(value, bytes) else "..."))  # type: ignore[operator]
            return str(value)
        if isinstance(value, bool | int | float | numpy.generic):
            return str(value)
        return message_to_csv(value, truncate_length=truncate_length, no_arr=no_arr, no_str=no_str)

    return ",".join(text(getattr(msg, name), kind) for name, kind in get_message_slot_types(msg).items())
