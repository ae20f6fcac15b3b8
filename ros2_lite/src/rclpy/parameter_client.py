"""Reading and setting another node's parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.client import Client, wait_until
from rclpy.parameter import Parameter, parameter_dict_from_yaml_file
from rclpy.qos import QoSProfile, qos_profile_parameter_events, qos_profile_services_default
from rclpy.subscription import Subscription
from rclpy.task import Future

_Callback = Callable[[Future], Any] | None


class AsyncParameterClient:
    """A client of the six parameter services of one node; each method returns a future of the response."""

    def __init__(
        self,
        node: Any,
        remote_node_name: str,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> None:
        from rcl_interfaces import srv

        self._srv = srv
        self.remote_node_name = remote_node_name
        self.node = node

        def client(kind: Any, name: str) -> Client:
            return node.create_client(
                kind, f"{remote_node_name}/{name}", qos_profile=qos_profile, callback_group=callback_group
            )

        self._get_parameter_client = client(srv.GetParameters, "get_parameters")
        self._list_parameter_client = client(srv.ListParameters, "list_parameters")
        self._set_parameter_client = client(srv.SetParameters, "set_parameters")
        self._get_parameter_types_client = client(srv.GetParameterTypes, "get_parameter_types")
        self._describe_parameters_client = client(srv.DescribeParameters, "describe_parameters")
        self._set_parameters_atomically_client = client(srv.SetParametersAtomically, "set_parameters_atomically")

    def services_are_ready(self) -> bool:
        """Are all six services there?"""
        return all(
            client.service_is_ready()
            for client in (
                self._list_parameter_client,
                self._set_parameter_client,
                self._get_parameter_client,
                self._get_parameter_types_client,
                self._describe_parameters_client,
                self._set_parameters_atomically_client,
            )
        )

    def wait_for_services(self, timeout_sec: float | None = None) -> bool:
        """Wait for all six services; False where time is up first."""
        return wait_until(self.node.context, self.services_are_ready, timeout_sec)

    @staticmethod
    def _call(client: Client, request: Any, callback: _Callback) -> Future:
        future = client.call_async(request)
        if callback:
            future.add_done_callback(callback)
        return future

    def list_parameters(
        self, prefixes: list[str] | None = None, depth: int | None = None, callback: _Callback = None
    ) -> Future:
        """List names; see rcl_interfaces/srv/ListParameters."""
        request = self._srv.ListParameters.Request(prefixes=prefixes or [], depth=depth or 0)
        return self._call(self._list_parameter_client, request, callback)

    def get_parameters(self, names: list[str], callback: _Callback = None) -> Future:
        """Get values; see rcl_interfaces/srv/GetParameters."""
        return self._call(self._get_parameter_client, self._srv.GetParameters.Request(names=names), callback)

    @staticmethod
    def _messages(parameters: Sequence[Any]) -> list[Any]:
        return [p.to_parameter_msg() if isinstance(p, Parameter) else p for p in parameters]

    def set_parameters(self, parameters: Sequence[Any], callback: _Callback = None) -> Future:
        """Set values one by one; see rcl_interfaces/srv/SetParameters."""
        request = self._srv.SetParameters.Request(parameters=self._messages(parameters))
        return self._call(self._set_parameter_client, request, callback)

    def set_parameters_atomically(self, parameters: Sequence[Any], callback: _Callback = None) -> Future:
        """Set all values or none; see rcl_interfaces/srv/SetParametersAtomically."""
        request = self._srv.SetParametersAtomically.Request(parameters=self._messages(parameters))
        return self._call(self._set_parameters_atomically_client, request, callback)

    def describe_parameters(self, names: list[str], callback: _Callback = None) -> Future:
        """Get descriptors; see rcl_interfaces/srv/DescribeParameters."""
        return self._call(self._describe_parameters_client, self._srv.DescribeParameters.Request(names=names), callback)

    def get_parameter_types(self, names: list[str], callback: _Callback = None) -> Future:
        """Get types; see rcl_interfaces/srv/GetParameterTypes."""
        return self._call(self._get_parameter_types_client, self._srv.GetParameterTypes.Request(names=names), callback)

    def delete_parameters(self, names: list[str], callback: _Callback = None) -> Future:
        """Unset parameters, which must have been declared with dynamic typing."""
        return self.set_parameters([Parameter(name) for name in names], callback)

    def load_parameter_file(
        self, parameter_file: str, use_wildcard: bool = False, callback: _Callback = None
    ) -> Future:
        """Set what a parameter file says, one by one."""
        values = parameter_dict_from_yaml_file(parameter_file, use_wildcard)
        return self.set_parameters(list(values.values()), callback)

    def load_parameter_file_atomically(
        self, parameter_file: str, use_wildcard: bool = False, callback: _Callback = None
    ) -> Future:
        """Set what a parameter file says, all or none."""
        values = parameter_dict_from_yaml_file(parameter_file, use_wildcard)
        return self.set_parameters_atomically(list(values.values()), callback)

    def on_parameter_event(
        self,
        callback: Callable[[Any], None],
        qos_profile: QoSProfile = qos_profile_parameter_events,
        **options: Any,
    ) -> Subscription:
        """Subscribe to `/parameter_events`."""
        from rcl_interfaces.msg import ParameterEvent

        return self.node.create_subscription(ParameterEvent, "/parameter_events", callback, qos_profile, **options)
