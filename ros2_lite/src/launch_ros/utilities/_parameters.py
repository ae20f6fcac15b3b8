"""Turn parameters as launch files give them into what is passed to nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from launch.launch_context import LaunchContext
from launch.substitution import Substitution
from launch.substitutions import TextSubstitution
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions

from ..parameter_descriptions import Parameter as ParameterDescription
from ..parameter_descriptions import ParameterFile, ParameterValue
from ..parameters_type import Parameters, ParametersDict, SomeParameters, SomeParametersDict

_SCALARS = (bool, int, float, str)


def normalize_parameters(parameters: SomeParameters) -> Parameters:
    """Normalize a list of files, dictionaries and parameters."""
    if isinstance(parameters, str) or not isinstance(parameters, Sequence):
        raise TypeError(f"Expecting list of parameters, got {parameters}")
    normalized: list[Any] = []
    for item in parameters:
        if isinstance(item, Mapping):
            normalized.append(normalize_parameter_dict(item))
        elif isinstance(item, ParameterDescription | ParameterFile):
            normalized.append(item)
        else:
            normalized.append(ParameterFile(item))
    return tuple(normalized)


def normalize_parameter_dict(
    parameters: SomeParametersDict, *, _prefix: Sequence[Substitution] | None = None
) -> ParametersDict:
    """Flatten a dictionary of parameters, with names as tuples of substitutions.

    Text is kept text (it is written as YAML would); substitutions are read as YAML once they are performed.
    """
    if not isinstance(parameters, Mapping):
        raise TypeError("expected dict")
    import yaml

    normalized: ParametersDict = {}
    for key, value in parameters.items():
        name = normalize_to_list_of_substitutions(key)
        if _prefix:
            name = [*_prefix, TextSubstitution(text="."), *name]
        if isinstance(value, Mapping):
            normalized.update(normalize_parameter_dict(value, _prefix=name))
        elif isinstance(value, str):
            normalized[tuple(name)] = tuple(normalize_to_list_of_substitutions(yaml.dump(value)))
        elif isinstance(value, Substitution):
            normalized[tuple(name)] = (value,)
        elif isinstance(value, ParameterValue | bool | int | float | bytes):
            normalized[tuple(name)] = value
        elif isinstance(value, Sequence):
            normalized[tuple(name)] = _normalize_array(value)
        else:
            raise TypeError(f"Unexpected type for parameter value {value!r}")
    return normalized


def _normalize_array(value: Sequence[Any]) -> tuple[Any, ...]:
    import yaml

    kinds = set()
    for item in value:
        ensure_argument_type(item, (*_SCALARS, Substitution, Sequence), "subvalue")
        kinds.add(next(k for k in (Substitution, str, bool, int, float, Sequence) if isinstance(item, k)))
    if kinds == {bool} or kinds == {int}:
        return tuple(value)
    if kinds and kinds <= {int, float}:
        return tuple(float(item) for item in value)
    if Substitution in kinds and kinds <= {str, Substitution}:
        # A list of text and substitutions is one text put together, as everywhere else.
        return tuple(normalize_to_list_of_substitutions(value))
    return tuple(
        normalize_to_list_of_substitutions(yaml.dump(item) if isinstance(item, _SCALARS) else item) for item in value
    )


def evaluate_parameters(context: LaunchContext, parameters: Parameters) -> tuple[Any, ...]:
    """Perform the substitutions: files become paths, dictionaries have text as names and plain values."""
    evaluated: list[Any] = []
    for item in parameters:
        if isinstance(item, ParameterFile):
            evaluated.append(item.evaluate(context))
        elif isinstance(item, Mapping):
            evaluated.append(evaluate_parameter_dict(context, item))
        else:
            evaluated.append(item)
    return tuple(evaluated)


def evaluate_parameter_dict(context: LaunchContext, parameters: ParametersDict) -> dict[str, Any]:
    """Perform the substitutions of a normalized dictionary."""
    if not isinstance(parameters, Mapping):
        raise TypeError("expected dict")
    evaluated: dict[str, Any] = {}
    for key, value in parameters.items():
        if not isinstance(key, tuple):
            raise TypeError(f"Expecting tuple of substitutions got {key!r}")
        name = perform_substitutions(context, key)
        evaluated[name] = _evaluate(context, name, value)
    return evaluated


def _evaluate(context: LaunchContext, name: str, value: Any) -> Any:
    import yaml

    if isinstance(value, ParameterValue):
        return value.evaluate(context)
    if not isinstance(value, tuple):
        ensure_argument_type(value, (float, int, str, bool, bytes), "value")
        return value
    if not value:
        raise TypeError(f"given unnormalized parameters {name!r}, {value!r}")
    if isinstance(value[0], Substitution):
        text = perform_substitutions(context, value) or "''"
        try:
            read = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise TypeError(
                f"Unable to parse the value of parameter {name} as yaml. If the parameter is meant to be a string, "
                "try wrapping it in launch_ros.parameter_descriptions.ParameterValue(value, value_type=str)"
            ) from error
        if isinstance(read, list):
            return _uniform(name, read)
        if type(read) in (*_SCALARS, bytes):
            return read
        raise TypeError(
            "Allowed value types are bytes, bool, int, float, str, Sequence[bool], Sequence[int], Sequence[float], "
            f'Sequence[str]. Got {type(read)} for "{name}". If the parameter is meant to be a string, try wrapping it '
            "in launch_ros.parameter_descriptions.ParameterValue(value, value_type=str)"
        )
    if isinstance(value[0], list):
        return _uniform(name, [yaml.safe_load(perform_substitutions(context, item)) for item in value])
    return value


def _uniform(name: str, items: list[Any]) -> tuple[Any, ...]:
    kinds = {type(item) for item in items}
    if len(kinds) != 1 or not kinds <= set(_SCALARS):
        raise TypeError(
            "Expected a non-empty sequence, with items of uniform type. Allowed sequence item types are bool, int, "
            f'float, str. Got inconsistent input for "{name}"'
        )
    return tuple(items)
