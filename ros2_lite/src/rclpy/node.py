"""Nodes."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any, TypeVar

from rclpy._rclpy_pybind11 import NodeNameNonExistentError
from rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.clock import ROSClock
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle, NotInitializedException
from rclpy.executors import Executor
from rclpy.guard_condition import GuardCondition
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.logging import get_logger
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import (
    qos_profile_parameter_events,
)
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer
from rclpy.topic_endpoint_info import TopicEndpointInfo
from rclpy.utilities import get_default_context
from rclpy.waitable import Waitable
from ros2_lite.arguments import RosArguments, node_matches, parse_arguments
from ros2_lite.dds import graph
from ros2_lite.node_entities import NodeEntities
from ros2_lite.node_graph import NodeGraph
from ros2_lite.node_parameters import NodeParameters
from ros2_lite.node_rosout import NodeRosout

MsgType = TypeVar("MsgType")
SrvType = TypeVar("SrvType")
SrvTypeRequest = TypeVar("SrvTypeRequest")
SrvTypeResponse = TypeVar("SrvTypeResponse")
HIDDEN_NODE_PREFIX = "_"

__all__ = ["HIDDEN_NODE_PREFIX", "Node", "NodeNameNonExistentError", "TopicEndpointInfo"]


class Node(NodeEntities, NodeRosout, NodeParameters, NodeGraph):
    """A participant of the ROS graph, with publishers, subscriptions, services, clients, timers and parameters."""

    def __init__(
        self,
        node_name: str,
        *,
        context: Context | None = None,
        cli_args: list[str] | None = None,
        namespace: str | None = None,
        use_global_arguments: bool = True,
        enable_rosout: bool = True,
        start_parameter_services: bool = True,
        parameter_overrides: list[Parameter] | None = None,
        allow_undeclared_parameters: bool = False,
        automatically_declare_parameters_from_overrides: bool = False,
        enable_logger_service: bool = False,
    ) -> None:
        """Make a node.

        Args:
            node_name: its name, which `-r __node:=` may replace.
            context: None for the default one, which must be initialised.
            cli_args: arguments for this node alone, as after `--ros-args`; they go before the process's.
            namespace: its namespace, which `-r __ns:=` may replace.
            use_global_arguments: whether the process's arguments count.
            enable_rosout: whether it logs to /rosout.
            start_parameter_services: whether others may read and set its parameters.
            parameter_overrides: values that win over defaults, command line and files.
            allow_undeclared_parameters: whether parameters may be set that were not declared.
            automatically_declare_parameters_from_overrides: whether to declare all that are overridden.
            enable_logger_service: whether others may set its log level.
        """
        self._context = get_default_context() if context is None else context
        self._publishers: list[Publisher] = []
        self._subscriptions: list[Subscription] = []
        self._clients: list[Client] = []
        self._services: list[Service] = []
        self._timers: list[Timer] = []
        self._guards: list[GuardCondition] = []
        self._waitables: list[Waitable] = []
        self._destroyed = False
        self._executor_reference: weakref.ref[Executor] | None = None
        self._default_callback_group = MutuallyExclusiveCallbackGroup()
        self._rate_group = ReentrantCallbackGroup()
        self._init_parameters(allow_undeclared_parameters)

        if not self._context.ok():
            raise NotInitializedException("cannot create node")
        self._local_arguments = parse_arguments(cli_args or [], implicit_ros_args=True).require_known()
        self._global_arguments = self._context._require_arguments() if use_global_arguments else RosArguments()
        self._name, self._namespace = self._names(node_name, namespace or "")
        self._logger = get_logger(self.get_fully_qualified_name()[1:].replace("/", "."))
        self._participant, self._graph = self._context._join()
        self._entities = graph.NodeEntities(self._namespace, self._name)
        self._graph.add_node(self._entities)
        self._clock: Any = ROSClock()

        if enable_rosout and self._global_arguments.rosout_logs:
            self._start_rosout()
        from rcl_interfaces.msg import ParameterDescriptor, ParameterEvent

        self._parameter_event_publisher = self.create_publisher(
            ParameterEvent, "/parameter_events", qos_profile_parameter_events
        )
        self._parameter_overrides = self._overrides_for_this_node()
        self._parameter_overrides.update({parameter.name: parameter for parameter in parameter_overrides or []})
        if automatically_declare_parameters_from_overrides:
            self.declare_parameters(
                "",
                [(name, p.value, ParameterDescriptor()) for name, p in self._parameter_overrides.items()],
                ignore_override=True,
            )
        from rclpy.time_source import TimeSource

        self._time_source = TimeSource(node=self)
        self._time_source.attach_clock(self._clock)
        if start_parameter_services:
            from rclpy.parameter_service import ParameterService

            self._parameter_service = ParameterService(self)
        if enable_logger_service:
            from rclpy.logging_service import LoggingService

            self._logger_service = LoggingService(self)
        from rclpy.type_description_service import TypeDescriptionService

        self._type_description_service = TypeDescriptionService(self)

    # --- names and arguments ---

    def _overrides_for_this_node(self) -> dict[str, Parameter]:
        """Values from the command lines and files; the node's own come last and win."""
        full_name = self.get_fully_qualified_name()
        found: dict[str, Parameter] = {}
        for pattern, name, value in self._global_arguments.parameters + self._local_arguments.parameters:
            if node_matches(pattern, full_name):
                found[name] = Parameter(name, value=value)
        return found

    def get_logger(self) -> RcutilsLogger:
        """Return the node's logger."""
        return self._logger

    def get_clock(self) -> Any:
        """Return the node's clock, a ROSClock."""
        return self._clock

    # --- properties ---

    @property
    def publishers(self) -> Iterator[Publisher]:
        """The publishers."""
        yield from self._publishers

    @property
    def subscriptions(self) -> Iterator[Subscription]:
        """The subscriptions."""
        yield from self._subscriptions

    @property
    def clients(self) -> Iterator[Client]:
        """The service clients."""
        yield from self._clients

    @property
    def services(self) -> Iterator[Service]:
        """The service servers."""
        yield from self._services

    @property
    def timers(self) -> Iterator[Timer]:
        """The timers."""
        yield from self._timers

    @property
    def guards(self) -> Iterator[GuardCondition]:
        """The guard conditions."""
        yield from self._guards

    @property
    def waitables(self) -> Iterator[Waitable]:
        """The action clients, action servers and event handlers."""
        yield from self._waitables

    @property
    def executor(self) -> Executor | None:
        """The executor that the node belongs to, or None."""
        return self._current_executor()

    @executor.setter
    def executor(self, new_executor: Executor | None) -> None:
        current = self.executor
        if current is new_executor:
            return
        if current is not None:
            current.remove_node(self)
        self._executor_reference = None
        if new_executor is not None:
            self._executor_reference = weakref.ref(new_executor)
            new_executor.add_node(self)

    def _entities_of(self) -> list[Any]:
        """Return everything an executor may run."""
        return [*self._subscriptions, *self._timers, *self._clients, *self._services, *self._guards, *self._waitables]

    @property
    def context(self) -> Context:
        """The context."""
        return self._context

    @property
    def default_callback_group(self) -> CallbackGroup:
        """The group, mutually exclusive, of everything that is given none."""
        return self._default_callback_group

    @property
    def handle(self) -> Node:
        """Return the node itself: there is no C object behind it."""
        if self._destroyed:
            raise InvalidHandle("cannot use Destroyable because destruction was requested")
        return self

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def destroy_node(self) -> None:
        """Destroy the node and all that belongs to it; doing it again does nothing."""
        if self._destroyed:
            return
        self._parameter_event_publisher = None
        self._stop_rosout()
        for waitable in list(self._waitables):
            if hasattr(waitable, "_detach"):
                waitable._detach()
        for entities in (
            self._publishers,
            self._subscriptions,
            self._clients,
            self._services,
            self._timers,
            self._guards,
        ):
            while entities:
                self._destroy(entities, entities[0])
        self._destroyed = True
        self._graph.remove_node(self._entities)
        self._entities_changed()
