"""The services by which others read and set a node's parameters."""

from __future__ import annotations

import weakref
from typing import Any

from rclpy.exceptions import ParameterNotDeclaredException, ParameterUninitializedException
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_parameters
from rclpy.validate_topic_name import TOPIC_SEPARATOR_STRING


class ParameterService:
    """Serves `<node>/get_parameters`, `set_parameters` and the four others."""

    def __init__(self, node: Any) -> None:
        from rcl_interfaces import srv

        self._node_weak_ref = weakref.ref(node)
        for kind, callback in (
            (srv.DescribeParameters, self._describe_parameters_callback),
            (srv.GetParameters, self._get_parameters_callback),
            (srv.GetParameterTypes, self._get_parameter_types_callback),
            (srv.ListParameters, self._list_parameters_callback),
            (srv.SetParameters, self._set_parameters_callback),
            (srv.SetParametersAtomically, self._set_parameters_atomically_callback),
        ):
            name = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
            node.create_service(
                kind,
                TOPIC_SEPARATOR_STRING.join((node.get_name(), name)),
                callback,
                qos_profile=qos_profile_parameters,
            )

    def _get_node(self) -> Any:
        node = self._node_weak_ref()
        if node is None:
            raise ReferenceError("Expected valid node weak reference")
        return node

    # An unknown name empties the whole answer: that is how a client of these services learns of it.

    def _describe_parameters_callback(self, request: Any, response: Any) -> Any:
        try:
            response.descriptors = self._get_node().describe_parameters(list(request.names))
        except ParameterNotDeclaredException:
            response.descriptors = []
        return response

    def _get_parameters_callback(self, request: Any, response: Any) -> Any:
        try:
            parameters = self._get_node().get_parameters(list(request.names))
            response.values = [parameter.get_parameter_value() for parameter in parameters]
        except (ParameterNotDeclaredException, ParameterUninitializedException):
            response.values = []
        return response

    def _get_parameter_types_callback(self, request: Any, response: Any) -> Any:
        try:
            types = self._get_node().get_parameter_types(list(request.names))
            response.types = [kind.value if isinstance(kind, Parameter.Type) else kind for kind in types]
        except ParameterNotDeclaredException:
            response.types = []
        return response

    def _list_parameters_callback(self, request: Any, response: Any) -> Any:
        response.result = self._get_node().list_parameters(list(request.prefixes), request.depth)
        return response

    def _set(self, messages: Any) -> Any:
        from rcl_interfaces.msg import SetParametersResult

        try:
            return self._get_node().set_parameters_atomically(
                [Parameter.from_parameter_msg(message) for message in messages]
            )
        except (ParameterNotDeclaredException, ValueError) as error:
            return SetParametersResult(successful=False, reason=str(error))

    def _set_parameters_callback(self, request: Any, response: Any) -> Any:
        response.results = [self._set([message]) for message in request.parameters]
        return response

    def _set_parameters_atomically_callback(self, request: Any, response: Any) -> Any:
        response.result = self._set(request.parameters)
        return response
