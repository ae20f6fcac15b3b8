"""What a message field accepts when checking is on: upstream's conditions and its wording."""

from __future__ import annotations

import array
import math
from collections import UserList, UserString
from collections.abc import Callable, Sequence, Set
from typing import Any

import numpy as np
from rosidl_parser import definition as d

_PYTHON = {
    "boolean": bool,
    "octet": bytes,
    "float": float,
    "double": float,
    "long double": float,
    **dict.fromkeys(d.INTEGER_TYPES, int),
}
_CODES = {
    "float": ("f", "float32"),
    "double": ("d", "float64"),
    "int8": ("b", "int8"),
    "uint8": ("B", "uint8"),
    "int16": ("h", "int16"),
    "uint16": ("H", "uint16"),
    "int32": ("i", "int32"),
    "uint32": ("I", "uint32"),
    "int64": ("q", "int64"),
    "uint64": ("Q", "uint64"),
}
_FLOAT_BOUNDS = {"float": 3.402823466e38, "double": 1.7976931348623157e308}


def python_value_of(type_: d.AbstractType, value: Any) -> Any:
    """Turn a parsed default into the value that upstream's class holds (ndarray, array.array, list, scalar)."""
    if isinstance(type_, d.AbstractNestedType) and isinstance(type_.value_type, d.BasicType):
        codes = _CODES.get(type_.value_type.typename)
        if codes:
            return np.array(value, codes[1]) if isinstance(type_, d.Array) else array.array(codes[0], value)
    return value


def field_check(name: str, type_: d.AbstractType, cls: type | None) -> Callable[[Any], None]:
    """Return a function that raises AssertionError unless a value may be assigned to the field.

    Args:
        name: the field's name, for the message.
        type_: its type.
        cls: the message class of the field or of its elements, when it has one.
    """
    if isinstance(type_, d.AbstractNestedType):
        return _nested_check(name, type_, cls)
    if isinstance(type_, d.NamespacedType):
        return lambda value: _require(
            isinstance(value, cls or object), f"The '{name}' field must be a sub message of type '{type_.name}'"
        )
    if isinstance(type_, d.BoundedString | d.BoundedWString):
        bound = type_.maximum_size
        return lambda value: _require(
            isinstance(value, str | UserString) and len(value) <= bound,
            f"The '{name}' field must be string value not longer than {bound}",
        )
    if isinstance(type_, d.AbstractGenericString):
        return lambda value: _require(isinstance(value, str), f"The '{name}' field must be of type 'str'")
    assert isinstance(type_, d.BasicType)
    return _basic_check(name, type_.typename)


def _require(condition: bool, text: str) -> None:
    if not condition:
        raise AssertionError(text)


def _range(typename: str) -> tuple[int, int] | None:
    if typename not in d.EXPLICIT_INTEGER_TYPES:
        return None
    bits = int(typename.lstrip("uint"))
    return (0, (1 << bits) - 1) if typename.startswith("u") else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def _basic_check(name: str, typename: str) -> Callable[[Any], None]:
    if typename == "octet":
        return lambda value: _require(
            isinstance(value, bytes | bytearray) and len(value) == 1,
            f"The '{name}' field must be of type 'bytes' or 'ByteString' with length 1",
        )
    python, limits, bound = _PYTHON[typename], _range(typename), _FLOAT_BOUNDS.get(typename)

    def check(value: Any) -> None:
        _require(isinstance(value, python), f"The '{name}' field must be of type '{python.__name__}'")
        if limits:
            kind = "an unsigned integer" if limits[0] == 0 else "an integer"
            _require(limits[0] <= value <= limits[1], f"The '{name}' field must be {kind} in {list(limits)}")
        elif bound:
            _require(
                not (value < -bound or value > bound) or math.isinf(value),
                f"The '{name}' field must be a {typename} in [{-bound}, {bound}]",
            )

    return check


def _nested_check(name: str, type_: d.AbstractNestedType, cls: type | None) -> Callable[[Any], None]:
    element = type_.value_type
    typename = element.typename if isinstance(element, d.BasicType) else ""
    codes = _CODES.get(typename)
    size = type_.size if isinstance(type_, d.Array) else None
    most = type_.maximum_size if isinstance(type_, d.BoundedSequence) else None
    chars = element.maximum_size if isinstance(element, d.BoundedString | d.BoundedWString) else None
    python: type = cls or (str if isinstance(element, d.AbstractGenericString) else _PYTHON[typename])
    limits, bound = _range(typename), _FLOAT_BOUNDS.get(typename)
    words = ["a set or sequence"]
    if size is not None or most is not None:
        words.append(f"with length {size}" if size is not None else f"with length <= {most}")
    if chars is not None:
        words.append(f"and each string value not longer than {chars}")
    words.append(f"and each value of type '{python.__name__}'")
    if limits:
        words.append(f"and each {'unsigned integer' if limits[0] == 0 else 'integer'} in {list(limits)}")
    elif bound:
        words.append(f"and each {typename} in [{-bound:f}, {bound:f}]")
    text = f"The '{name}' field must be {' '.join(words)}"

    def check(value: Any) -> None:
        if codes and size is not None and isinstance(value, np.ndarray):
            _require(value.dtype == codes[1], f"The '{name}' numpy.ndarray() must have the dtype of 'numpy.{codes[1]}'")
            _require(value.size == size, f"The '{name}' numpy.ndarray() must have a size of {size}")
            return
        if codes and size is None and isinstance(value, array.array):
            _require(value.typecode == codes[0], f"The '{name}' array.array() must have the type code of '{codes[0]}'")
            _require(most is None or len(value) <= most, f"The '{name}' array.array() must have a size <= {most}")
            return
        _require(isinstance(value, Sequence | Set | UserList) and not isinstance(value, str | UserString), text)
        _require(size is None or len(value) == size, text)
        _require(most is None or len(value) <= most, text)
        if typename == "uint8" and isinstance(value, bytes | bytearray):
            return  # cannot be anything else, and is often an image
        _require(all(isinstance(v, python) for v in value), text)
        _require(chars is None or all(len(v) <= chars for v in value), text)
        if limits:
            _require(all(limits[0] <= v <= limits[1] for v in value), text)
        elif bound:
            _require(all(not (v < -bound or v > bound) or math.isinf(v) for v in value), text)

    return check
