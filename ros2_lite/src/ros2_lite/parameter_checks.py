"""What makes a declaration or a new value of a parameter right or wrong."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from rclpy.parameter import PARAMETER_SEPARATOR_STRING, Parameter
from rclpy.validate_parameter_name import validate_parameter_name

PARAM_REL_TOL = 1e-6


def outcome(successful: bool, reason: str = "") -> Any:
    """Return an rcl_interfaces/msg/SetParametersResult."""
    from rcl_interfaces.msg import SetParametersResult

    return SetParametersResult(successful=successful, reason=reason)


def read_declaration(namespace: str, index: int, entry: tuple[Any, ...]) -> tuple[str, Any, Any]:
    """Return (full name, value, descriptor) of one entry of `Node.declare_parameters`, the `index`th.

    Raises TypeError or ValueError for an entry that upstream refuses, and InvalidParameterException for its name.
    """
    from rcl_interfaces.msg import ParameterDescriptor, ParameterValue

    if not 1 <= len(entry) <= 3:
        raise TypeError(
            f"Invalid parameter tuple length at index {index} in parameters list: {entry}; "
            "expecting length between 1 and 3"
        )
    name, second, descriptor = (*entry, None, None)[:3]
    if len(entry) < 3:
        descriptor = ParameterDescriptor()
    if not isinstance(name, str):
        raise TypeError(f"First element {name} at index {index} in parameters list is not a str.")
    if not isinstance(descriptor, ParameterDescriptor):
        raise TypeError(f"Third element {descriptor} at index {index} in parameters list is not a ParameterDescriptor.")
    if namespace:
        name = f"{namespace}{PARAMETER_SEPARATOR_STRING}{name}"
    validate_parameter_name(name)
    if len(entry) == 1:
        warnings.warn(
            f"when declaring parameter named '{name}', declaring a parameter only providing its name is "
            "deprecated. Pass a default value, or a type, or a descriptor with dynamic_typing=True",
            stacklevel=4,
        )
        descriptor.dynamic_typing = True
    if isinstance(second, Parameter.Type):
        if second is Parameter.Type.NOT_SET:
            raise ValueError(f"Cannot declare parameter {{{name}}} as statically typed of type NOT_SET")
        if descriptor.dynamic_typing:
            raise ValueError(
                f"When declaring parameter {{{name}}} passing a descriptor with `dynamic_typing=True` "
                "is not allowed when the parameter type is provided"
            )
        descriptor.type = second.value
        return name, None, descriptor
    if not descriptor.dynamic_typing:
        if isinstance(second, ParameterValue):
            descriptor.type = second.type
        else:
            descriptor.type = Parameter.Type.from_parameter_value(second).value
        if descriptor.type == Parameter.Type.NOT_SET.value:
            raise ValueError("Cannot declare a statically typed parameter with default value of type PARAMETER_NOT_SET")
    return name, second, descriptor


def check(parameter: Parameter, descriptor: Any, check_read_only: bool, declared: bool) -> Any:
    """Check a value by its descriptor; returns a SetParametersResult."""
    descriptor.name = parameter.name
    if check_read_only and descriptor.read_only:
        return outcome(False, f"Trying to set a read-only parameter: {parameter.name}.")
    if descriptor.dynamic_typing:
        descriptor.type = parameter.type_.value
    elif parameter.type_ is Parameter.Type.NOT_SET:
        if declared:
            return outcome(False, "Static parameter cannot be undeclared")
    elif parameter.type_.value != descriptor.type:
        return outcome(
            False, f"Wrong parameter type, expected '{Parameter.Type(descriptor.type)}' got '{parameter.type_}'"
        )
    if parameter.type_ is Parameter.Type.INTEGER and descriptor.integer_range:
        return _check_range(parameter, descriptor.integer_range[0], _on_integer_step, 0.0)
    if parameter.type_ is Parameter.Type.DOUBLE and descriptor.floating_point_range:
        return _check_range(parameter, descriptor.floating_point_range[0], _on_float_step, PARAM_REL_TOL)
    return outcome(True)


def _on_integer_step(value: int, low: int, step: int, _: float) -> bool:
    return (value - low) % step == 0


def _on_float_step(value: float, low: float, step: float, tolerance: float) -> bool:
    return math.isclose(low + round((value - low) / step) * step, value, rel_tol=tolerance)


def _check_range(parameter: Parameter, limits: Any, on_step: Callable[..., bool], tolerance: float) -> Any:
    low, high = sorted((limits.from_value, limits.to_value))
    value = parameter.value
    # The ends are always allowed, on a step or not.
    if any(math.isclose(value, end, rel_tol=tolerance) if tolerance else value == end for end in (low, high)):
        return outcome(True)
    if not low < value < high:
        return outcome(False, f"Parameter {parameter.name} out of range. Min: {low}, Max: {high}, value: {value}")
    if limits.step and not on_step(value, low, limits.step, tolerance):
        return outcome(
            False,
            f"The parameter value for {parameter.name} is not a valid step. "
            f"Min: {low}, max: {high}, value: {value}, step: {limits.step}",
        )
    return outcome(True)
