"""Nodes."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.clock import Clock, ROSClock
from rclpy.constants import S_TO_NS
from rclpy.context import Context
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.exceptions import InvalidHandle, NodeNameNonExistentError, NotInitializedException
from rclpy.executors import Executor
from rclpy.expand_topic_name import expand_topic_name
from rclpy.guard_condition import GuardCondition
from rclpy.impl import logging_backend
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.logging import get_logger
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import (
    QoSProfile,
    qos_profile_parameter_events,
    qos_profile_rosout_default,
    qos_profile_services_default,
)
from rclpy.qos_overriding_options import QoSOverridingOptions, _declare_qos_parameters
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Rate, Timer
from rclpy.topic_endpoint_info import TopicEndpointInfo
from rclpy.type_support import check_is_valid_msg_type, check_is_valid_srv_type
from rclpy.utilities import get_default_context
from rclpy.validate_full_topic_name import validate_full_topic_name
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name
from rclpy.validate_topic_name import validate_topic_name
from rclpy.waitable import Waitable
from ros2_lite import idl
from ros2_lite.arguments import RosArguments, node_matches, parse_arguments
from ros2_lite.compatibility import resolve_best_available
from ros2_lite.dds import names
from ros2_lite.dds.endpoints import Reader, Writer
from ros2_lite.dds.graph import NodeEntities
from ros2_lite.dds.qos import Profile
from ros2_lite.dds.services import Replier, Requester
from ros2_lite.node_graph import NodeGraph
from ros2_lite.node_parameters import NodeParameters
from ros2_lite.rosnames import remap_name, remap_node

MsgType = TypeVar("MsgType")
SrvType = TypeVar("SrvType")
SrvTypeRequest = TypeVar("SrvTypeRequest")
SrvTypeResponse = TypeVar("SrvTypeResponse")
HIDDEN_NODE_PREFIX = "_"

__all__ = ["HIDDEN_NODE_PREFIX", "Node", "NodeNameNonExistentError", "TopicEndpointInfo"]


class Node(NodeParameters, NodeGraph):
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
        self._entities = NodeEntities(self._namespace, self._name)
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

    def _rules(self) -> list[Any]:
        return self._local_arguments.remaps + self._global_arguments.remaps

    def _names(self, name: str, namespace: str) -> tuple[str, str]:
        validate_node_name(name)
        if not namespace.startswith("/"):
            namespace = "/" + namespace
        validate_namespace(namespace)
        new_namespace = remap_node(self._rules(), "namespace", name)
        new_name = remap_node(self._rules(), "node", name)
        if new_namespace is not None:
            validate_namespace(new_namespace)
        return new_name or name, new_namespace or namespace

    def _overrides_for_this_node(self) -> dict[str, Parameter]:
        """Values from the command lines and files; the node's own come last and win."""
        full_name = self.get_fully_qualified_name()
        found: dict[str, Parameter] = {}
        for pattern, name, value in self._global_arguments.parameters + self._local_arguments.parameters:
            if node_matches(pattern, full_name):
                found[name] = Parameter(name, value=value)
        return found

    def get_name(self) -> str:
        """Return the node's name."""
        return self._name

    def get_namespace(self) -> str:
        """Return the node's namespace."""
        return self._namespace

    def get_fully_qualified_name(self) -> str:
        """Return namespace and name."""
        return f"{'' if self._namespace == '/' else self._namespace}/{self._name}"

    def get_logger(self) -> RcutilsLogger:
        """Return the node's logger."""
        return self._logger

    def get_clock(self) -> Any:
        """Return the node's clock, a ROSClock."""
        return self._clock

    def resolve_topic_name(self, topic: str, *, only_expand: bool = False) -> str:
        """Return a topic's fully qualified name, remapped unless `only_expand`."""
        return self._resolve(topic, only_expand, is_service=False)

    def resolve_service_name(self, service: str, *, only_expand: bool = False) -> str:
        """Return a service's fully qualified name, remapped unless `only_expand`."""
        return self._resolve(service, only_expand, is_service=True)

    def _resolve(self, name: str, only_expand: bool, is_service: bool) -> str:
        validate_topic_name(name, is_service=is_service)
        full_name = expand_topic_name(name, self._name, self._namespace)
        validate_full_topic_name(full_name, is_service=is_service)
        return full_name if only_expand else self._remap(full_name, is_service)

    def _remap(self, full_name: str, is_service: bool) -> str:
        return remap_name(self._rules(), full_name, self._name, self._namespace, is_service)

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
        return self._executor_reference() if self._executor_reference is not None else None

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

    def _wake_executor(self) -> None:
        executor = self.executor
        if executor is not None:
            executor.wake()

    def _entities_changed(self) -> None:
        executor = self.executor
        if executor is not None:
            executor._entities_changed()

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

    # --- making and destroying endpoints, for this class and for actions ---

    def _require_open(self) -> None:
        if self._destroyed:
            raise InvalidHandle("cannot use Destroyable because destruction was requested")
        if not self._context.ok():
            raise NotInitializedException("the context has been shut down")

    def _profile(self, full_name: str, qos: QoSProfile, is_publisher: bool) -> Profile:
        peers = self._graph.endpoints_of_topic(
            names.topic_name(full_name, qos.avoid_ros_namespace_conventions), writers=not is_publisher
        )
        return resolve_best_available(qos._native(), (peer.profile for peer in peers), is_publisher)

    def _make_writer(self, msg_type: Any, full_name: str, qos: QoSProfile) -> Writer:
        self._require_open()
        writer = Writer(
            self._participant.handle,
            names.topic_name(full_name, qos.avoid_ros_namespace_conventions),
            idl.dds_type_name(msg_type),
            self._profile(full_name, qos, True),
            f"typehash={idl.type_hash(msg_type)};".encode(),
        )
        writer.logger_name = self._logger.name
        self._announce([writer], [])
        return writer

    def _make_reader(self, msg_type: Any, full_name: str, qos: QoSProfile) -> Reader:
        self._require_open()
        reader = Reader(
            self._participant.handle,
            names.topic_name(full_name, qos.avoid_ros_namespace_conventions),
            idl.dds_type_name(msg_type),
            self._profile(full_name, qos, False),
            f"typehash={idl.type_hash(msg_type)};".encode(),
        )
        reader.logger_name = self._logger.name
        self._announce([], [reader])
        return reader

    def _make_requester(self, srv_type: Any, full_name: str, qos: QoSProfile) -> Requester:
        self._require_open()
        requester = Requester(self._participant, full_name, *_service_types(srv_type), qos._native())
        self._announce([requester.writer], [requester.reader])
        return requester

    def _make_replier(self, srv_type: Any, full_name: str, qos: QoSProfile) -> Replier:
        self._require_open()
        replier = Replier(self._participant, full_name, *_service_types(srv_type), qos._native())
        self._announce([replier.writer], [replier.reader])
        return replier

    def _announce(self, writers: list[Writer], readers: list[Reader]) -> None:
        for writer in writers:
            self._entities.writers.append(writer.guid)
            writer.on_close = lambda gid=writer.guid: self._retract(gid)
        for reader in readers:
            self._entities.readers.append(reader.guid)
            reader.on_close = lambda gid=reader.guid: self._retract(gid)
        self._graph.touch()

    def _retract(self, gid: bytes) -> None:
        for gids in (self._entities.writers, self._entities.readers):
            if gid in gids:
                gids.remove(gid)
        self._graph.touch()

    @staticmethod
    def _validate_qos_or_depth_parameter(qos_or_depth: QoSProfile | int) -> QoSProfile:
        if isinstance(qos_or_depth, QoSProfile):
            return qos_or_depth
        if isinstance(qos_or_depth, int):
            if qos_or_depth < 0:
                raise ValueError("history depth must be greater than or equal to zero")
            return QoSProfile(depth=qos_or_depth)
        raise TypeError(f"Expected QoSProfile or int, but received {type(qos_or_depth)!r}")

    # --- entities ---

    def create_publisher(
        self,
        msg_type: Any,
        topic: str,
        qos_profile: QoSProfile | int,
        *,
        callback_group: CallbackGroup | None = None,
        event_callbacks: PublisherEventCallbacks | None = None,
        qos_overriding_options: QoSOverridingOptions | None = None,
        publisher_class: type[Publisher] = Publisher,
    ) -> Publisher:
        """Make a publisher. A number as `qos_profile` is a history depth; the group is that of its events."""
        qos = self._validate_qos_or_depth_parameter(qos_profile)
        full_name = self.resolve_topic_name(topic)
        _declare_qos_parameters(Publisher, self, full_name, qos, qos_overriding_options)
        check_is_valid_msg_type(msg_type)
        writer = self._make_writer(msg_type, full_name, qos)
        try:
            publisher = publisher_class(
                writer,
                msg_type,
                topic,
                qos,
                event_callbacks=event_callbacks or PublisherEventCallbacks(),
                callback_group=callback_group or self.default_callback_group,
            )
        except Exception:
            writer.close()
            raise
        publisher._topic_name = full_name
        publisher._context = self._context
        self._publishers.append(publisher)
        for handler in publisher.event_handlers:
            self.add_waitable(handler)
        return publisher

    def create_subscription(
        self,
        msg_type: Any,
        topic: str,
        callback: Callable[..., Any],
        qos_profile: QoSProfile | int,
        *,
        callback_group: CallbackGroup | None = None,
        event_callbacks: SubscriptionEventCallbacks | None = None,
        qos_overriding_options: QoSOverridingOptions | None = None,
        raw: bool = False,
    ) -> Subscription:
        """Make a subscription. The callback takes the message, or message and info; with `raw`, CDR bytes."""
        qos = self._validate_qos_or_depth_parameter(qos_profile)
        group = callback_group or self.default_callback_group
        full_name = self.resolve_topic_name(topic)
        _declare_qos_parameters(Subscription, self, full_name, qos, qos_overriding_options)
        check_is_valid_msg_type(msg_type)
        reader = self._make_reader(msg_type, full_name, qos)
        try:
            subscription = Subscription(
                reader,
                msg_type,
                topic,
                callback,
                group,
                qos,
                raw,
                event_callbacks=event_callbacks or SubscriptionEventCallbacks(),
            )
        except Exception:
            reader.close()
            raise
        subscription._topic_name = full_name
        subscription._logger = self._logger
        group.add_entity(subscription)
        self._subscriptions.append(subscription)
        for handler in subscription.event_handlers:
            self.add_waitable(handler)
        self._entities_changed()
        return subscription

    def create_client(
        self,
        srv_type: Any,
        srv_name: str,
        *,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> Client:
        """Make a service client."""
        group = callback_group or self.default_callback_group
        check_is_valid_srv_type(srv_type)
        full_name = self.resolve_service_name(srv_name)
        client = Client(
            self.context,
            self._make_requester(srv_type, full_name, qos_profile),
            srv_type,
            srv_name,
            qos_profile,
            group,
        )
        client._service_name = full_name
        client._logger = self._logger
        client._executor = lambda: self.executor
        group.add_entity(client)
        self._clients.append(client)
        self._entities_changed()
        return client

    def create_service(
        self,
        srv_type: Any,
        srv_name: str,
        callback: Callable[..., Any],
        *,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> Service:
        """Make a service server; `callback(request, response)` fills and returns the response."""
        group = callback_group or self.default_callback_group
        check_is_valid_srv_type(srv_type)
        full_name = self.resolve_service_name(srv_name)
        service = Service(
            self._make_replier(srv_type, full_name, qos_profile), srv_type, srv_name, callback, group, qos_profile
        )
        service._service_name = full_name
        service._logger = self._logger
        group.add_entity(service)
        self._services.append(service)
        self._entities_changed()
        return service

    def create_timer(
        self,
        timer_period_sec: float,
        callback: Callable[[], Any] | None,
        callback_group: CallbackGroup | None = None,
        clock: Clock | None = None,
        autostart: bool = True,
    ) -> Timer:
        """Make a timer, on the node's clock unless another is given; without `autostart`, `reset` starts it."""
        group = callback_group or self.default_callback_group
        timer = Timer(
            callback,
            group,
            int(float(timer_period_sec) * S_TO_NS),
            clock or self._clock,
            context=self.context,
            autostart=autostart,
        )
        timer._changed = self._wake_executor
        group.add_entity(timer)
        self._timers.append(timer)
        self._entities_changed()
        return timer

    def create_guard_condition(
        self, callback: Callable[[], Any], callback_group: CallbackGroup | None = None
    ) -> GuardCondition:
        """Make a guard condition."""
        group = callback_group or self.default_callback_group
        guard = GuardCondition(callback, group, context=self.context)
        group.add_entity(guard)
        self._guards.append(guard)
        self._entities_changed()
        return guard

    def create_rate(self, frequency: float, clock: Clock | None = None) -> Rate:
        """Make a rate of `frequency` Hz."""
        if frequency <= 0:
            raise ValueError("frequency must be > 0")
        return Rate(self.create_timer(1.0 / frequency, None, self._rate_group, clock), context=self.context)

    def add_waitable(self, waitable: Waitable) -> None:
        """Let the executor handle a waitable."""
        self._waitables.append(waitable)
        self._entities_changed()

    def remove_waitable(self, waitable: Waitable) -> None:
        """Let the executor handle it no more."""
        if waitable in self._waitables:
            self._waitables.remove(waitable)
        self._entities_changed()

    def _destroy(self, entities: list[Any], entity: Any) -> bool:
        if entity not in entities:
            return False
        entities.remove(entity)
        for handler in getattr(entity, "event_handlers", []):
            self.remove_waitable(handler)
        try:
            entity.destroy()
        except InvalidHandle:
            return False
        self._entities_changed()
        return True

    def destroy_publisher(self, publisher: Publisher) -> bool:
        """Destroy a publisher of this node; False where it is none."""
        return self._destroy(self._publishers, publisher)

    def destroy_subscription(self, subscription: Subscription) -> bool:
        """Destroy a subscription of this node; False where it is none."""
        return self._destroy(self._subscriptions, subscription)

    def destroy_client(self, client: Client) -> bool:
        """Destroy a client of this node; False where it is none."""
        return self._destroy(self._clients, client)

    def destroy_service(self, service: Service) -> bool:
        """Destroy a service of this node; False where it is none."""
        return self._destroy(self._services, service)

    def destroy_timer(self, timer: Timer) -> bool:
        """Destroy a timer of this node; False where it is none."""
        return self._destroy(self._timers, timer)

    def destroy_guard_condition(self, guard: GuardCondition) -> bool:
        """Destroy a guard condition of this node; False where it is none."""
        return self._destroy(self._guards, guard)

    def destroy_rate(self, rate: Rate) -> bool:
        """Destroy a rate of this node; False where it is none."""
        success = self.destroy_timer(rate._timer)
        rate.destroy()
        return success

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

    # --- /rosout ---

    def _start_rosout(self) -> None:
        from rcl_interfaces.msg import Log

        writer = self._make_writer(Log, "/rosout", qos_profile_rosout_default)
        self._rosout_writer = writer
        make_stamp = type(Log().stamp)

        def sink(stamp: int, severity: int, name: str, text: str, file: str, function: str, line: int) -> None:
            if writer.closed or not self._context._valid:
                return
            seconds, nanoseconds = divmod(stamp, S_TO_NS)
            text = text.encode("utf-8", "replace").decode()  # what is no Unicode must not stop the program
            writer.write(
                idl.serialize(
                    Log(
                        stamp=make_stamp(sec=seconds, nanosec=nanoseconds),
                        level=int(severity),
                        name=name,
                        msg=text,
                        file=file,
                        function=function,
                        line=line,
                    )
                )
            )

        self._rosout_sink = sink
        logging_backend.add_sink(self._logger.name, sink)

    def _stop_rosout(self) -> None:
        if hasattr(self, "_rosout_sink"):
            logging_backend.remove_sink(self._logger.name, self._rosout_sink)
            self._rosout_writer.close()


def _service_types(srv_type: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return (DDS type name, type hash) of a service's request and response."""
    return (
        (idl.dds_type_name(srv_type.Request), idl.type_hash(srv_type.Request)),
        (idl.dds_type_name(srv_type.Response), idl.type_hash(srv_type.Response)),
    )
