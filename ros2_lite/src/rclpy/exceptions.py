"""The exceptions of rclpy."""

from __future__ import annotations

from typing import Any

from rclpy._rclpy_pybind11 import InvalidHandle as InvalidHandle


class NotInitializedException(Exception):
    """The context has not been initialised, or has been shut down."""

    def __init__(self, message: str | None = None) -> None:
        text = "rclpy.init() has not been called"
        super().__init__(f"{text}. msg:{message}" if message else text)


class NoTypeSupportImportedException(Exception):
    """A class is no ROS message, service or action."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(f"no type_support imported. msg:{message}" if message else "no type_support imported")


class ROSInterruptException(Exception):
    """The context was shut down during a blocking call."""

    def __init__(self) -> None:
        super().__init__("rclpy.shutdown() has been called")


class NameValidationException(Exception):
    """A name breaks the rules; says which name, why and where."""

    def __init__(self, name_type: str, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__(f"Invalid {name_type}: {error_msg}:\n  '{name}'\n   {' ' * invalid_index}^")


class InvalidNamespaceException(NameValidationException):
    """A namespace breaks the rules."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__("namespace", name, error_msg, invalid_index)


class InvalidNodeNameException(NameValidationException):
    """A node's name breaks the rules."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__("node name", name, error_msg, invalid_index)


class InvalidTopicNameException(NameValidationException):
    """A topic's name breaks the rules."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__("topic name", name, error_msg, invalid_index)


class InvalidServiceNameException(NameValidationException):
    """A service's name breaks the rules."""

    def __init__(self, name: str, error_msg: str, invalid_index: int) -> None:
        super().__init__("service name", name, error_msg, invalid_index)


class ParameterException(Exception):
    """Base of the parameter errors; names the parameters concerned."""

    def __init__(self, error_msg: str, parameters: Any) -> None:
        super().__init__(f"{error_msg}: {parameters}")


class ParameterNotDeclaredException(ParameterException):
    """A parameter was used before it was declared."""

    def __init__(self, parameters: Any) -> None:
        super().__init__("Invalid access to undeclared parameter(s)", parameters)


class ParameterAlreadyDeclaredException(ParameterException):
    """A parameter was declared twice."""

    def __init__(self, parameters: Any) -> None:
        super().__init__("Parameter(s) already declared", parameters)


class InvalidParameterException(ParameterException):
    """A parameter's name breaks the rules."""

    def __init__(self, parameter: str) -> None:
        super().__init__("Invalid parameter name", parameter)


class InvalidParameterTypeException(ParameterException):
    """A parameter was set to a value of another type."""

    def __init__(self, desired_parameter: Any, expected_type: Any) -> None:
        super().__init__(
            f"Trying to set parameter '{desired_parameter._name}' to '{desired_parameter._value}' of type "
            f"'{desired_parameter._type_.name}', expecting type '{expected_type}'",
            desired_parameter._name,
        )


class InvalidParameterValueException(ParameterException):
    """A parameter was set to a value that its range or a callback refuses."""

    def __init__(self, parameter: str, value: Any, reason: str) -> None:
        super().__init__(f"Invalid parameter value ({value}) for parameter. Reason: {reason}", parameter)


class ParameterImmutableException(ParameterException):
    """A read-only parameter was to be changed."""

    def __init__(self, parameter: str) -> None:
        super().__init__("Attempted to modify read-only parameter", parameter)


class ParameterUninitializedException(ParameterException):
    """A statically typed parameter without default was read before it had a value."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The parameter '{parameter}' is not initialized", parameter)
