"""The publishers, subscriptions, services, clients, timers and guard conditions of a node: made and destroyed."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.client import Client
from rclpy.clock import Clock
from rclpy.constants import S_TO_NS
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.exceptions import InvalidHandle
from rclpy.executors import Executor
from rclpy.guard_condition import GuardCondition
from rclpy.publisher import Publisher
from rclpy.qos import (
    QoSProfile,
    qos_profile_services_default,
)
from rclpy.qos_overriding_options import QoSOverridingOptions, _declare_qos_parameters
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Rate, Timer
from rclpy.type_support import check_is_valid_msg_type, check_is_valid_srv_type
from rclpy.waitable import Waitable

from ros2_lite.node_endpoints import NodeEndpoints
from ros2_lite.node_names import NodeNames


class NodeEntities(NodeNames, NodeEndpoints):
    """The part of `rclpy.node.Node` that makes and destroys entities."""

    _clock: Any
    _default_callback_group: CallbackGroup
    _executor_reference: weakref.ref[Executor] | None
    _rate_group: CallbackGroup
    _publishers: list[Publisher]
    _subscriptions: list[Subscription]
    _clients: list[Client]
    _services: list[Service]
    _timers: list[Timer]
    _guards: list[GuardCondition]
    _waitables: list[Waitable]

    def _current_executor(self) -> Executor | None:
        return self._executor_reference() if self._executor_reference is not None else None

    def _wake_executor(self) -> None:
        executor = self._current_executor()
        if executor is not None:
            executor.wake()

    def _entities_changed(self) -> None:
        executor = self._current_executor()
        if executor is not None:
            executor._entities_changed()

    @staticmethod
    def _validate_qos_or_depth_parameter(qos_or_depth: QoSProfile | int) -> QoSProfile:
        if isinstance(qos_or_depth, QoSProfile):
            return qos_or_depth
        if isinstance(qos_or_depth, int):
            if qos_or_depth < 0:
                raise ValueError("history depth must be greater than or equal to zero")
            return QoSProfile(depth=qos_or_depth)
        raise TypeError(f"Expected QoSProfile or int, but received {type(qos_or_depth)!r}")

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
                callback_group=callback_group or self._default_callback_group,
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
        group = callback_group or self._default_callback_group
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
        group = callback_group or self._default_callback_group
        check_is_valid_srv_type(srv_type)
        full_name = self.resolve_service_name(srv_name)
        client = Client(
            self._context,
            self._make_requester(srv_type, full_name, qos_profile),
            srv_type,
            srv_name,
            qos_profile,
            group,
        )
        client._service_name = full_name
        client._logger = self._logger
        client._executor = self._current_executor
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
        group = callback_group or self._default_callback_group
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
        group = callback_group or self._default_callback_group
        self._context._require_valid("failed to create timer")
        timer = Timer(
            callback,
            group,
            int(float(timer_period_sec) * S_TO_NS),
            clock or self._clock,
            context=self._context,
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
        group = callback_group or self._default_callback_group
        self._context._require_valid("failed to create guard_condition")
        guard = GuardCondition(callback, group, context=self._context)
        group.add_entity(guard)
        self._guards.append(guard)
        self._entities_changed()
        return guard

    def create_rate(self, frequency: float, clock: Clock | None = None) -> Rate:
        """Make a rate of `frequency` Hz."""
        if frequency <= 0:
            raise ValueError("frequency must be > 0")
        return Rate(self.create_timer(1.0 / frequency, None, self._rate_group, clock), context=self._context)

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
