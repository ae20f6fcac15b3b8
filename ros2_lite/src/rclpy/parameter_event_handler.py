"""Callbacks on changes of parameters, of this node or others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from threading import RLock
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import QoSProfile, qos_profile_parameter_events
from rclpy.qos_overriding_options import QoSOverridingOptions


class ParameterCallbackHandle:
    """A callback on one parameter of one node."""

    def __init__(self, parameter_name: str, node_name: str, callback: Callable[[Any], None]) -> None:
        self.parameter_name = parameter_name
        self.node_name = node_name
        self.callback = callback


class ParameterEventCallbackHandle:
    """A callback on all parameter events."""

    def __init__(self, callback: Callable[[Any], None]) -> None:
        self.callback = callback


class ParameterEventHandler:
    """Listens to `/parameter_events`. The callbacks added last are called first."""

    def __init__(
        self,
        node: Any,
        qos_profile: QoSProfile = qos_profile_parameter_events,
        callback_group: CallbackGroup | None = None,
        event_callbacks: SubscriptionEventCallbacks | None = None,
        qos_overriding_options: QoSOverridingOptions | None = None,
        raw: bool = False,
    ) -> None:
        from rcl_interfaces.msg import ParameterEvent

        self.node = node
        self.qos_profile = qos_profile
        self._lock = RLock()
        self._parameter_callbacks: list[ParameterCallbackHandle] = []
        self._event_callbacks: list[ParameterEventCallbackHandle] = []
        self.parameter_event_subscription = node.create_subscription(
            ParameterEvent,
            "/parameter_events",
            self._on_event,
            qos_profile,
            callback_group=callback_group,
            event_callbacks=event_callbacks,
            qos_overriding_options=qos_overriding_options,
            raw=raw,
        )

    def destroy(self) -> None:
        """Stop listening."""
        self.node.destroy_subscription(self.parameter_event_subscription)

    def _on_event(self, event: Any) -> None:
        with self._lock:
            for handle in list(self._parameter_callbacks):
                parameter = self.get_parameter_from_event(event, handle.parameter_name, handle.node_name)
                if parameter is not None:
                    handle.callback(parameter)
            for event_handle in list(self._event_callbacks):
                event_handle.callback(event)

    @staticmethod
    def get_parameter_from_event(event: Any, parameter_name: str, node_name: str) -> Any:
        """Return a parameter (rcl_interfaces/msg/Parameter) that an event sets, or None."""
        if event.node == node_name:
            for parameter in chain(event.new_parameters, event.changed_parameters):
                if parameter.name == parameter_name:
                    return parameter
        return None

    @staticmethod
    def get_parameters_from_event(event: Any) -> Iterable[Any]:
        """Yield the parameters that an event sets."""
        yield from chain(event.new_parameters, event.changed_parameters)

    def add_parameter_callback(
        self, parameter_name: str, node_name: str, callback: Callable[[Any], None]
    ) -> ParameterCallbackHandle:
        """Call `callback(parameter)` when this parameter of this node is set; an empty node name is one's own."""
        handle = ParameterCallbackHandle(parameter_name, self._resolve_path(node_name), callback)
        with self._lock:
            self._parameter_callbacks.insert(0, handle)
        return handle

    def remove_parameter_callback(self, handle: ParameterCallbackHandle) -> None:
        """Undo add_parameter_callback; RuntimeError where it is not there."""
        self._remove(self._parameter_callbacks, handle)

    def add_parameter_event_callback(self, callback: Callable[[Any], None]) -> ParameterEventCallbackHandle:
        """Call `callback(event)` on every event."""
        handle = ParameterEventCallbackHandle(callback)
        with self._lock:
            self._event_callbacks.insert(0, handle)
        return handle

    def remove_parameter_event_callback(self, handle: ParameterEventCallbackHandle) -> None:
        """Undo add_parameter_event_callback; RuntimeError where it is not there."""
        self._remove(self._event_callbacks, handle)

    def _remove(self, handles: list[Any], handle: Any) -> None:
        with self._lock:
            if handle not in handles:
                raise RuntimeError("Callback doesn't exist")
            handles.remove(handle)

    def _resolve_path(self, node_path: str | None = None) -> str:
        if not node_path:
            return str(self.node.get_fully_qualified_name())
        if node_path.startswith("/"):
            return node_path
        namespace = self.node.get_namespace().strip("/")
        return f"/{namespace}/{node_path}" if namespace else f"/{node_path}"
