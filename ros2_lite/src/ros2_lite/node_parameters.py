"""The parameters of a node: declaring, setting, checking, announcing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterAlreadyDeclaredException,
    ParameterImmutableException,
    ParameterNotDeclaredException,
    ParameterUninitializedException,
)
from rclpy.parameter import PARAMETER_SEPARATOR_STRING, Parameter

from ros2_lite.parameter_checks import PARAM_REL_TOL, check, outcome, read_declaration

PreCallback = Callable[[list[Parameter]], list[Parameter]]
OnCallback = Callable[[list[Parameter]], Any]
PostCallback = Callable[[list[Parameter]], None]


class NodeParameters:
    """The part of `rclpy.node.Node` that concerns parameters."""

    PARAM_REL_TOL = PARAM_REL_TOL

    def _init_parameters(self, allow_undeclared: bool) -> None:
        self._parameters: dict[str, Parameter] = {}
        self._descriptors: dict[str, Any] = {}
        self._parameter_overrides: dict[str, Parameter] = {}
        self._allow_undeclared_parameters = allow_undeclared
        self._pre_set_parameters_callbacks: list[PreCallback] = []
        self._on_set_parameters_callbacks: list[OnCallback] = []
        self._post_set_parameters_callbacks: list[PostCallback] = []
        self._parameter_event_publisher: Any = None

    # --- declaring ---

    def declare_parameter(
        self, name: str, value: Any = None, descriptor: Any = None, ignore_override: bool = False
    ) -> Parameter:
        """Declare a parameter by default value, by `Parameter.Type`, or by a descriptor with dynamic_typing.

        Returns it with the value it got: the override from the command line or file where there is one.
        Raises ParameterAlreadyDeclaredException, InvalidParameterException, InvalidParameterTypeException,
        InvalidParameterValueException.
        """
        from rcl_interfaces.msg import ParameterDescriptor

        if value is None and descriptor is None:
            declaration: tuple[Any, ...] = (name,)
        else:
            declaration = (name, value, ParameterDescriptor() if descriptor is None else descriptor)
        return self.declare_parameters("", [declaration], ignore_override)[0]

    def declare_parameters(
        self, namespace: str, parameters: Sequence[tuple[Any, ...]], ignore_override: bool = False
    ) -> list[Parameter]:
        """Declare several: tuples of (name), (name, value or type) or (name, value, descriptor)."""
        declared: list[Parameter] = []
        descriptors: dict[str, Any] = {}
        for index, entry in enumerate(parameters):
            name, value, descriptor = read_declaration(namespace, index, entry)
            if not ignore_override and name in self._parameter_overrides:
                value = self._parameter_overrides[name].value
            declared.append(Parameter(name, value=value))
            descriptors[name] = descriptor
        already = [parameter.name for parameter in declared if parameter.name in self._parameters]
        if already:
            raise ParameterAlreadyDeclaredException(already)
        for parameter in declared:
            result = self._apply([parameter], descriptors, keep_unset=True)
            if not result.successful:
                if result.reason.startswith("Wrong parameter type"):
                    expected = Parameter.Type(descriptors[parameter.name].type)
                    raise InvalidParameterTypeException(parameter, expected)
                raise InvalidParameterValueException(parameter.name, parameter.value, result.reason)
        return [self._parameters[parameter.name] for parameter in declared]

    def undeclare_parameter(self, name: str) -> None:
        """Take a parameter back; ParameterNotDeclaredException, or ParameterImmutableException."""
        if not self.has_parameter(name):
            raise ParameterNotDeclaredException(name)
        if self._descriptors[name].read_only:
            raise ParameterImmutableException(name)
        del self._parameters[name]
        del self._descriptors[name]

    # --- reading ---

    def has_parameter(self, name: str) -> bool:
        """Is it declared?"""
        return name in self._parameters

    def get_parameter(self, name: str) -> Parameter:
        """Return a parameter; ParameterNotDeclaredException, or ParameterUninitializedException."""
        parameter = self._parameters.get(name)
        if parameter is None:
            if self._allow_undeclared_parameters:
                return Parameter(name, Parameter.Type.NOT_SET, None)
            raise ParameterNotDeclaredException(name)
        if parameter.type_ is Parameter.Type.NOT_SET and not self._descriptors[name].dynamic_typing:
            raise ParameterUninitializedException(name)
        return parameter

    def get_parameters(self, names: list[str]) -> list[Parameter]:
        """Return several parameters."""
        self._require_names(names)
        return [self.get_parameter(name) for name in names]

    @staticmethod
    def _require_names(names: list[str]) -> None:
        if not all(isinstance(name, str) for name in names):
            raise TypeError("All names must be instances of type str")

    def get_parameter_type(self, name: str) -> Any:
        """Return the number of a parameter's type (Parameter.Type.NOT_SET for an undeclared one, where allowed)."""
        if self.has_parameter(name):
            return self._parameters[name].type_.value
        if self._allow_undeclared_parameters:
            return Parameter.Type.NOT_SET
        raise ParameterNotDeclaredException(name)

    def get_parameter_types(self, names: list[str]) -> list[Any]:
        """Return the types of several parameters."""
        self._require_names(names)
        return [self.get_parameter_type(name) for name in names]

    def get_parameter_or(self, name: str, alternative_value: Parameter | None = None) -> Parameter:
        """Return a parameter, or the alternative where it is undeclared or has no value."""
        parameter = self._parameters.get(name)
        if parameter is not None and parameter.type_ is not Parameter.Type.NOT_SET:
            return parameter
        return Parameter(name, Parameter.Type.NOT_SET) if alternative_value is None else alternative_value

    def get_parameters_by_prefix(self, prefix: str) -> dict[str, Parameter]:
        """Return the parameters whose names begin with `prefix.`, under the rest of their names."""
        start = prefix + PARAMETER_SEPARATOR_STRING if prefix else ""
        return {name[len(start) :]: value for name, value in self._parameters.items() if name.startswith(start)}

    def list_parameters(self, prefixes: list[str], depth: int) -> Any:
        """Return names and prefixes (rcl_interfaces/msg/ListParametersResult); depth 0 is no limit."""
        from rcl_interfaces.msg import ListParametersResult

        if not isinstance(prefixes, list):
            raise TypeError("The prefixes argument must be a list")
        if not all(isinstance(prefix, str) for prefix in prefixes):
            raise TypeError("All prefixes must be instances of type str")
        if not isinstance(depth, int):
            raise TypeError("The depth must be instance of type int")
        if depth < 0:
            raise ValueError("The depth must be greater than or equal to zero")

        def shallow(name: str) -> bool:
            return depth == 0 or name.count(PARAMETER_SEPARATOR_STRING) < depth

        def listed(name: str) -> bool:
            if not prefixes:
                return shallow(name)
            return any(
                name == prefix
                or (name.startswith(prefix + PARAMETER_SEPARATOR_STRING) and shallow(name[len(prefix) + 1 :]))
                for prefix in prefixes
            )

        names = [name for name in self._parameters if listed(name)]
        found = dict.fromkeys(name.rpartition(PARAMETER_SEPARATOR_STRING)[0] for name in names)
        return ListParametersResult(names=names, prefixes=[prefix for prefix in found if prefix])

    # --- setting ---

    def set_parameters(self, parameter_list: list[Parameter]) -> list[Any]:
        """Set parameters one after the other; returns a SetParametersResult for each."""
        return [self.set_parameters_atomically([parameter]) for parameter in parameter_list]

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> Any:
        """Set all or none; returns one SetParametersResult."""
        if self._pre_set_parameters_callbacks:
            modified: list[Parameter] = []
            for callback in self._pre_set_parameters_callbacks:
                modified += callback(parameter_list)
            parameter_list = modified
            if not parameter_list:
                return outcome(
                    False,
                    "parameter list cannot be empty, this might be due to pre_set_parameters_callback "
                    "modifying the original parameters list.",
                )
        if not all(isinstance(parameter, Parameter) for parameter in parameter_list):
            raise TypeError(f"parameter must be instance of type '{Parameter!r}'")
        undeclared = [parameter.name for parameter in parameter_list if parameter.name not in self._parameters]
        if undeclared and not self._allow_undeclared_parameters:
            raise ParameterNotDeclaredException(undeclared)
        return self._apply(parameter_list, None, keep_unset=False)

    def _apply(self, parameters: list[Parameter], descriptors: dict[str, Any] | None, keep_unset: bool) -> Any:
        """Check, ask the callbacks, store, announce. New descriptors come from a declaration."""
        checked_by = self._descriptors if descriptors is None else descriptors
        for parameter in parameters:
            if parameter.name in checked_by:
                result = check(
                    parameter, checked_by[parameter.name], descriptors is None, self.has_parameter(parameter.name)
                )
                if not result.successful:
                    return result
        for callback in self._on_set_parameters_callbacks:
            result = callback(parameters)
            if not result.successful:
                return result
        self._store(parameters, descriptors, keep_unset)
        for post_callback in self._post_set_parameters_callbacks:
            post_callback(parameters)
        return outcome(True)

    def _store(self, parameters: list[Parameter], descriptors: dict[str, Any] | None, keep_unset: bool) -> None:
        from rcl_interfaces.msg import ParameterDescriptor, ParameterEvent

        event = ParameterEvent(node=self.get_fully_qualified_name())  # type: ignore[attr-defined]
        new: list[Any] = []
        changed: list[Any] = []
        deleted: list[Any] = []
        for parameter in parameters:
            message = parameter.to_parameter_msg()
            if parameter.type_ is Parameter.Type.NOT_SET and not keep_unset:
                deleted.append(message)
                self._parameters.pop(parameter.name, None)
                self._descriptors.pop(parameter.name, None)
                continue
            if descriptors is not None:
                self._descriptors[parameter.name] = descriptors[parameter.name]
            elif parameter.name not in self._descriptors:
                self._descriptors[parameter.name] = ParameterDescriptor(dynamic_typing=True)
            had_value = self.get_parameter_or(parameter.name).type_ is not Parameter.Type.NOT_SET
            (changed if had_value else new).append(message)
            self._parameters[parameter.name] = parameter
        event.new_parameters, event.changed_parameters, event.deleted_parameters = new, changed, deleted
        event.stamp = self._clock.now().to_msg()  # type: ignore[attr-defined]
        if self._parameter_event_publisher is not None:
            self._parameter_event_publisher.publish(event)

    # --- callbacks and descriptors ---

    def add_pre_set_parameters_callback(self, callback: PreCallback) -> None:
        """Let `callback` change the list of parameters before they are checked."""
        self._pre_set_parameters_callbacks.insert(0, callback)

    def add_on_set_parameters_callback(self, callback: OnCallback) -> None:
        """Let `callback` accept or refuse parameters (SetParametersResult) before they are set."""
        self._on_set_parameters_callbacks.insert(0, callback)

    def add_post_set_parameters_callback(self, callback: PostCallback) -> None:
        """Call `callback` after parameters have been set."""
        self._post_set_parameters_callbacks.insert(0, callback)

    def remove_pre_set_parameters_callback(self, callback: PreCallback) -> None:
        """Undo add_pre_set_parameters_callback; ValueError where it is not there."""
        self._pre_set_parameters_callbacks.remove(callback)

    def remove_on_set_parameters_callback(self, callback: OnCallback) -> None:
        """Undo add_on_set_parameters_callback; ValueError where it is not there."""
        self._on_set_parameters_callbacks.remove(callback)

    def remove_post_set_parameters_callback(self, callback: PostCallback) -> None:
        """Undo add_post_set_parameters_callback; ValueError where it is not there."""
        self._post_set_parameters_callbacks.remove(callback)

    def describe_parameter(self, name: str) -> Any:
        """Return a parameter's descriptor."""
        from rcl_interfaces.msg import ParameterDescriptor

        if name in self._descriptors:
            return self._descriptors[name]
        if self._allow_undeclared_parameters:
            return ParameterDescriptor()
        raise ParameterNotDeclaredException(name)

    def describe_parameters(self, names: list[str]) -> list[Any]:
        """Return the descriptors of several parameters."""
        return [self.describe_parameter(name) for name in names]

    def set_descriptor(self, name: str, descriptor: Any, alternative_value: Any = None) -> Any:
        """Give a parameter another descriptor; where its value does not fit, `alternative_value` must."""
        from rcl_interfaces.msg import Parameter as ParameterMsg

        if not self.has_parameter(name):
            if not self._allow_undeclared_parameters:
                raise ParameterNotDeclaredException(name)
            return self.get_parameter(name).get_parameter_value()
        if self.describe_parameter(name).read_only:
            raise ParameterImmutableException(name)
        current = self.get_parameter(name)
        alternative = current
        if alternative_value is not None:
            alternative = Parameter.from_parameter_msg(ParameterMsg(name=name, value=alternative_value))
        for candidate in (current, alternative):
            result = check(candidate, descriptor, False, True)
            if result.successful:
                self._parameters[name] = candidate
                self._descriptors[name] = descriptor
                return candidate.get_parameter_value()
        raise InvalidParameterValueException(name, alternative.value, result.reason)
