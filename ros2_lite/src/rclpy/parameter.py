"""Parameters and their values."""

from __future__ import annotations

import array
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

PARAMETER_SEPARATOR_STRING = "."

_SEQUENCES: tuple[Any, ...] = (list, tuple, array.array)


def _is_list_of(kind: type, sequences: tuple[Any, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, sequences) and all(isinstance(item, kind) for item in value)


class Parameter:
    """A name with a typed value."""

    class Type(Enum):
        """The types (rcl_interfaces/msg/ParameterType)."""

        NOT_SET = 0
        BOOL = 1
        INTEGER = 2
        DOUBLE = 3
        STRING = 4
        BYTE_ARRAY = 5
        BOOL_ARRAY = 6
        INTEGER_ARRAY = 7
        DOUBLE_ARRAY = 8
        STRING_ARRAY = 9

        @classmethod
        def from_parameter_value(cls, parameter_value: Any) -> Parameter.Type:
            """Return the type of a Python value; TypeError where it has none."""
            if parameter_value is None:
                return cls.NOT_SET
            scalars: tuple[tuple[Any, type], ...] = (
                (cls.BOOL, bool),
                (cls.INTEGER, int),
                (cls.DOUBLE, float),
                (cls.STRING, str),
            )
            for kind, python in scalars:
                if isinstance(parameter_value, python):
                    return kind
            if isinstance(parameter_value, _SEQUENCES):
                # An empty list counts as bytes: it is the first that fits, here as upstream.
                for kind, python in (
                    (cls.BYTE_ARRAY, bytes),
                    (cls.BOOL_ARRAY, bool),
                    (cls.INTEGER_ARRAY, int),
                    (cls.DOUBLE_ARRAY, float),
                    (cls.STRING_ARRAY, str),
                ):
                    if all(isinstance(item, python) for item in parameter_value):
                        return kind
                raise TypeError(f"The given value is not a list of one of the allowed types '{parameter_value}'.")
            raise TypeError(f"The given value is not one of the allowed types '{parameter_value}'.")

        def check(self, parameter_value: Any) -> bool:
            """Does a Python value fit the type?"""
            return _CHECKS[self](parameter_value)

    def __init__(self, name: str, type_: Parameter.Type | None = None, value: Any = None) -> None:
        """The type follows from the value where none is given; ValueError where they do not agree."""
        if type_ is None:
            type_ = Parameter.Type.from_parameter_value(value)
        if not isinstance(type_, Parameter.Type):
            raise TypeError(f"type must be an instance of '{Parameter.Type!r}'")
        if not type_.check(value):
            raise ValueError(f"Type '{type_}' and value '{value}' do not agree")
        self._type_ = type_
        self._name = name
        self._value = value

    @classmethod
    def from_parameter_msg(cls, param_msg: Any) -> Parameter:
        """Make one from rcl_interfaces/msg/Parameter."""
        type_ = Parameter.Type(param_msg.value.type)
        field = _FIELDS.get(type_)
        return cls(param_msg.name, type_, getattr(param_msg.value, field) if field else None)

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def type_(self) -> Parameter.Type:
        """The type."""
        return self._type_

    @property
    def value(self) -> Any:
        """The value."""
        return self._value

    def get_parameter_value(self) -> Any:
        """Return the value as rcl_interfaces/msg/ParameterValue."""
        from rcl_interfaces.msg import ParameterValue

        message = ParameterValue(type=self.type_.value)
        if self.type_ in _FIELDS:
            setattr(message, _FIELDS[self.type_], self.value)
        return message

    def to_parameter_msg(self) -> Any:
        """Return it as rcl_interfaces/msg/Parameter."""
        from rcl_interfaces.msg import Parameter as ParameterMsg

        return ParameterMsg(name=self.name, value=self.get_parameter_value())


_T = Parameter.Type
_FIELDS: dict[Parameter.Type, str] = {kind: f"{kind.name.lower()}_value" for kind in _T if kind is not _T.NOT_SET}
_CHECKS: dict[Parameter.Type, Callable[[Any], bool]] = {
    _T.NOT_SET: lambda value: value is None,
    _T.BOOL: lambda value: isinstance(value, bool),
    _T.INTEGER: lambda value: isinstance(value, int),
    _T.DOUBLE: lambda value: isinstance(value, float),
    _T.STRING: lambda value: isinstance(value, str),
    _T.BYTE_ARRAY: lambda value: _is_list_of(bytes, (list, tuple))(value) and all(len(v) == 1 for v in value),
    _T.BOOL_ARRAY: _is_list_of(bool, (list, tuple)),
    _T.INTEGER_ARRAY: _is_list_of(int, _SEQUENCES),
    _T.DOUBLE_ARRAY: _is_list_of(float, _SEQUENCES),
    _T.STRING_ARRAY: _is_list_of(str, (list, tuple)),
}


def get_parameter_value(string_value: str) -> Any:
    """Guess a value's type from its text, as YAML; returns rcl_interfaces/msg/ParameterValue."""
    import yaml

    try:
        value = yaml.safe_load(string_value)
    except yaml.parser.ParserError:
        value = string_value
    if isinstance(value, list):
        for python, kind in (
            (bool, _T.BOOL_ARRAY),
            (int, _T.INTEGER_ARRAY),
            (float, _T.DOUBLE_ARRAY),
            (str, _T.STRING_ARRAY),
        ):
            if all(isinstance(item, python) for item in value):
                return Parameter("", kind, value).get_parameter_value()
        value = string_value
    if not isinstance(value, (bool, int, float, str)):
        value = string_value
    return Parameter("", value=value).get_parameter_value()


def parameter_value_to_python(parameter_value: Any) -> Any:
    """Return the Python value of rcl_interfaces/msg/ParameterValue, None where it is not set."""
    try:
        type_ = Parameter.Type(parameter_value.type)
    except ValueError:
        raise RuntimeError(f"unexpected parameter type {parameter_value.type}") from None
    if type_ is _T.NOT_SET:
        return None
    value = getattr(parameter_value, _FIELDS[type_])
    return list(value) if isinstance(value, _SEQUENCES) or type_.name.endswith("_ARRAY") else value


def parameter_dict_from_yaml_file(
    parameter_file: str, use_wildcard: bool = False, target_nodes: list[str] | None = None, namespace: str = ""
) -> dict[str, Any]:
    """Read a parameter file into {name: rcl_interfaces/msg/Parameter}.

    `target_nodes` picks nodes of the file (all but '/**' where it is empty), `use_wildcard` adds '/**'.
    """
    import yaml

    content = yaml.safe_load(Path(parameter_file).read_text())
    chosen = ["/**"] if use_wildcard and "/**" in content else []
    if target_nodes:
        for node in target_nodes:
            if node not in content:
                raise RuntimeError(
                    f"Param file does not contain parameters for {node},only for nodes: {list(content.keys())} "
                )
        chosen += target_nodes
    else:
        chosen += [node for node in content if node != "/**"]
    if not chosen:
        raise RuntimeError("Param file does not contain selected parameters")
    values: dict[str, Any] = {}
    for node in chosen:
        if not isinstance(content[node], dict) or "ros__parameters" not in content[node]:
            raise RuntimeError(f"YAML file is not a valid ROS parameter file for node {node}")
        values.update(content[node]["ros__parameters"])
    return _flatten(namespace, values)


def _flatten(prefix: str, values: dict[str, Any]) -> dict[str, Any]:
    from rcl_interfaces.msg import Parameter as ParameterMsg

    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found.update(_flatten(f"{prefix}{name}{PARAMETER_SEPARATOR_STRING}", value))
        else:
            found[prefix + name] = ParameterMsg(name=prefix + name, value=get_parameter_value(str(value)))
    return found
