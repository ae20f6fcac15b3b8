"""Values with a type that may be given as substitutions.

A typed value is a scalar (int, float, bool, str), a uniform list of scalars, or substitutions whose text is read as
YAML and then must be of the type.
"""

from __future__ import annotations

import collections.abc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_args, get_origin

from ..substitution import Substitution
from . import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

ScalarTypesTuple = (int, float, bool, str)
ListTypesTuple = (list[int], list[float], list[bool], list[str])
AllowedTypesTuple = ScalarTypesTuple + ListTypesTuple
AllowedTypesType = Any
ScalarValueType = int | float | bool | str
AllowedValueType = ScalarValueType | Sequence[int] | Sequence[float] | Sequence[bool] | Sequence[str]
SomeValueType = Any
NormalizedValueType = Any


def is_typing_list(data_type: Any) -> bool:
    """Return whether a type is a list, with or without the type of its items."""
    return data_type is list or get_origin(data_type) is list


def is_valid_scalar_type(data_type: Any) -> bool:
    """Return whether a type is one of the scalars."""
    return data_type in ScalarTypesTuple


def extract_type(data_type: Any) -> tuple[type, bool]:
    """Split a type into that of the scalar and whether it is a list.

    Raises:
        ValueError: it is neither a scalar nor a list of scalars.
    """
    arguments = get_args(data_type) if is_typing_list(data_type) else ()
    scalar = arguments[0] if arguments else data_type
    if not is_valid_scalar_type(scalar):
        raise ValueError(f"Unrecognized data type: {data_type}")
    return scalar, bool(arguments)


def is_instance_of_valid_type(value: Any, *, can_be_str: bool = False) -> bool:
    """Return whether a value is a scalar or a uniform list of scalars (``can_be_str``: or of those and text)."""
    if not isinstance(value, list):
        return isinstance(value, ScalarTypesTuple)
    kinds = {type(item) for item in value}
    if can_be_str and len(kinds) > 1:
        kinds.discard(str)
    return len(kinds) <= 1 and kinds <= set(ScalarTypesTuple)


def is_instance_of(value: Any, data_type: Any | None = None, *, can_be_str: bool = False) -> bool:
    """Return whether a value is of a type; without type, whether it is of any allowed one."""
    if data_type is None:
        return is_instance_of_valid_type(value, can_be_str=can_be_str)
    scalar, is_list = extract_type(data_type)
    kinds = (str, scalar) if can_be_str else (scalar,)
    if not is_list:
        return isinstance(value, kinds)
    return isinstance(value, list) and all(isinstance(item, kinds) for item in value)


def _from_yaml(text: str, problem: str, can_be_str: bool) -> Any:
    if not text:
        return text
    import yaml

    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        if can_be_str:
            return text
        raise ValueError(f"{problem}: yaml.safe_load() failed\n{error}") from error
    if not is_instance_of_valid_type(value, can_be_str=can_be_str):
        raise ValueError(f"{problem}: output type is not allowed, got {type(value)}")
    return value


def coerce_to_type(value: str, data_type: Any | None = None, *, can_be_str: bool = False) -> Any:
    """Read text as a value of a type, or, without type, as YAML reads it.

    Raises:
        ValueError: the text is no such value.
    """
    ensure_argument_type(value, str, "value", "coerce_to_type")
    if data_type is None:
        return _from_yaml(value, f"Failed to convert '{value}' using yaml rules", can_be_str)
    scalar, is_list = extract_type(data_type)
    kinds = (str, scalar) if can_be_str else (scalar,)
    if is_list:
        problem = f"Cannot convert value '{value}' to a list of '{scalar}'"
        items = _from_yaml(value, problem, can_be_str)
        if not isinstance(items, list):
            raise ValueError(problem)
        if not all(isinstance(item, kinds) for item in items):
            raise ValueError(f"{problem}, got {items}")
        return items
    if scalar is str:
        return value
    if scalar in (int, float):
        try:
            return scalar(value)
        except ValueError:
            if can_be_str:
                return value
            raise
    text = {"1": "true", "0": "false"}.get(value, value)
    boolean = _from_yaml(text, f"Failed to convert '{value}' to '{scalar}'", can_be_str)
    if isinstance(boolean, kinds):
        return boolean
    raise ValueError(f"Cannot convert value '{value}' to '{scalar}'")


def coerce_list(value: list[str], data_type: Any | None = None, *, can_be_str: bool = False) -> list[Any]:
    """Read each text of a list; the values must be of one type."""
    ensure_argument_type(value, list, "value", "coerce_list")
    items = [coerce_to_type(item, data_type, can_be_str=can_be_str) for item in value]
    if not is_instance_of_valid_type(items, can_be_str=can_be_str):
        raise ValueError(f"cannot convert value to {data_type}. Got value=`{value}`")
    return items


def get_typed_value(value: str | list[str], data_type: Any | None, *, can_be_str: bool = False) -> Any:
    """Read text, or a list of texts, as a value of a type."""
    if not isinstance(value, list):
        return coerce_to_type(value, data_type, can_be_str=can_be_str)
    if data_type is not None:
        data_type, is_list = extract_type(data_type)
        if not is_list:
            raise TypeError(f"Cannot convert input '{value}' of type '{type(value)}' to '{data_type}'")
    return coerce_list(value, data_type, can_be_str=can_be_str)


def is_substitution(x: Any) -> bool:
    """Return whether something is a substitution, or a sequence of text and at least one substitution."""
    if isinstance(x, Substitution):
        return True
    if not isinstance(x, collections.abc.Sequence) or isinstance(x, str | bytes):
        return False
    return all(isinstance(i, Substitution | str) for i in x) and any(isinstance(i, Substitution) for i in x)


def is_normalized_substitution(x: Any) -> bool:
    """Return whether something is a list of substitutions."""
    return isinstance(x, list) and len(x) > 0 and all(isinstance(item, Substitution) for item in x)


def normalize_typed_substitution(value: Any, data_type: Any | None) -> Any:
    """Return a scalar as it is, substitutions as a list of them, and a list with each item normalized.

    Raises:
        TypeError: it cannot be a value of the type.
    """
    if isinstance(value, ScalarTypesTuple):
        if not is_instance_of(value, data_type):
            raise TypeError(f"value='{value}' is not an instance of {data_type}")
        return value
    if is_substitution(value):
        return normalize_to_list_of_substitutions(value)
    if not isinstance(value, collections.abc.Iterable):
        raise TypeError(
            "value should be either a scalar, a substitutions, or a mixed list of scalars and substitutions. "
            f"Got `value={value}` of type `{type(value)}`. "
        )
    items = list(value)
    kinds: set[type] = set()
    for item in items:
        if isinstance(item, ScalarTypesTuple):
            kinds.add(type(item))
        elif is_substitution(item):
            kinds.add(Substitution)
        else:
            raise TypeError(
                "value is a list, and one of the items is not a scalar, a Substitution or a list of "
                f"substitutions. Got value='{value}'"
            )
    scalar: type | None = None
    if data_type is not None:
        scalar, is_list = extract_type(data_type)
        if not is_list:
            raise TypeError(
                "The provided value resolves to a list, though the required type is a scalar. "
                f"Got value='{value}', data_type='{data_type}'."
            )
    kinds.discard(Substitution)
    if kinds == {int, float}:
        kinds = {float}
    if len(kinds) > 1:
        raise TypeError(f"Input value is not an acceptable 'SomeValueType'.Got value='{value}'")
    if kinds and scalar is not None and kinds != {scalar} and (kinds, scalar) != ({int}, float):
        raise TypeError(f"Got a list of '{kinds.pop()}', expected a list of '{scalar}'. value='{value}'")
    as_float = float in kinds or (scalar is float and int in kinds)
    normalized: list[Any] = []
    for item in items:
        if is_substitution(item):
            normalized.append(normalize_to_list_of_substitutions(item))
        else:
            normalized.append(float(item) if as_float else item)
    return normalized


def perform_typed_substitution(context: LaunchContext, value: Any, data_type: Any | None) -> Any:
    """Return the value that a normalized value stands for.

    Raises:
        TypeError, ValueError: the text is not of the type.
    """
    if isinstance(value, ScalarTypesTuple):
        if data_type is not None and not is_instance_of(value, data_type):
            raise TypeError(f"value=`{value}` is a scalar and not an instance of `{data_type}`")
        return value
    if is_normalized_substitution(value):
        return coerce_to_type(perform_substitutions(context, value), data_type)
    if not isinstance(value, list):
        raise TypeError(f"Input value is not an acceptable 'NormalizedValueType'.Got value='{value}'")
    scalar: type | None = None
    if data_type is not None:
        scalar, is_list = extract_type(data_type)
        if not is_list:
            raise ValueError(
                "The input value is a list, cannot convert it to a scalar. "
                f"Got value='{value}', expected type {scalar}."
            )
    output = [
        coerce_to_type(perform_substitutions(context, item), scalar) if is_normalized_substitution(item) else item
        for item in value
    ]
    if not is_instance_of(output, data_type):
        expected = f"does not match the expected type {scalar}" if scalar is not None else "is not uniform"
        raise ValueError(f"The output list {expected}. Got value='{value}'")
    return output
