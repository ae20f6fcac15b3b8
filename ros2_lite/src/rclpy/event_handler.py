"""Quality-of-service events of publishers and subscriptions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

from rclpy._rclpy_pybind11 import UnsupportedEventTypeError
from rclpy.callback_groups import CallbackGroup
from rclpy.logging import get_logger
from rclpy.qos import qos_policy_name_from_kind
from rclpy.waitable import NumberOfEntities, Waitable
from ros2_lite.dds import events
from ros2_lite.dds.endpoints import Endpoint
from ros2_lite.entity import Work


class QoSPublisherEventType(IntEnum):
    """Events of publishers (rcl_publisher_event_type_t)."""

    RCL_PUBLISHER_OFFERED_DEADLINE_MISSED = 0
    RCL_PUBLISHER_LIVELINESS_LOST = 1
    RCL_PUBLISHER_OFFERED_INCOMPATIBLE_QOS = 2
    RCL_PUBLISHER_INCOMPATIBLE_TYPE = 3
    RCL_PUBLISHER_MATCHED = 4


class QoSSubscriptionEventType(IntEnum):
    """Events of subscriptions (rcl_subscription_event_type_t)."""

    RCL_SUBSCRIPTION_REQUESTED_DEADLINE_MISSED = 0
    RCL_SUBSCRIPTION_LIVELINESS_CHANGED = 1
    RCL_SUBSCRIPTION_REQUESTED_INCOMPATIBLE_QOS = 2
    RCL_SUBSCRIPTION_MESSAGE_LOST = 3
    RCL_SUBSCRIPTION_INCOMPATIBLE_TYPE = 4
    RCL_SUBSCRIPTION_MATCHED = 5


class _Info(SimpleNamespace):
    """What happened: counts, and how they changed since the last event."""


class QoSRequestedDeadlineMissedInfo(_Info):
    """No message came in the time agreed."""

    total_count: int
    total_count_change: int


class QoSOfferedDeadlineMissedInfo(_Info):
    """No message was sent in the time agreed."""

    total_count: int
    total_count_change: int


class QoSLivelinessChangedInfo(_Info):
    """Publishers are, or are no more, alive."""

    alive_count: int
    not_alive_count: int
    alive_count_change: int
    not_alive_count_change: int


class QoSLivelinessLostInfo(_Info):
    """The publisher did not say in time that it is alive."""

    total_count: int
    total_count_change: int


class QoSMessageLostInfo(_Info):
    """Messages were lost."""

    total_count: int
    total_count_change: int


class QoSRequestedIncompatibleQoSInfo(_Info):
    """Endpoints of incompatible quality of service were found."""

    total_count: int
    total_count_change: int
    last_policy_kind: int


class QoSSubscriptionMatchedInfo(_Info):
    """Endpoints were matched, or are no more."""

    total_count: int
    total_count_change: int
    current_count: int
    current_count_change: int


class IncompatibleTypeInfo(_Info):
    """total_count, total_count_change. Cyclone DDS without XTypes never reports it."""

    total_count: int
    total_count_change: int


QoSOfferedIncompatibleQoSInfo = QoSRequestedIncompatibleQoSInfo
QoSPublisherMatchedInfo = QoSSubscriptionMatchedInfo

_P, _S = QoSPublisherEventType, QoSSubscriptionEventType
_KINDS: dict[Any, tuple[str, type[_Info]]] = {
    (_P, _P.RCL_PUBLISHER_OFFERED_DEADLINE_MISSED): ("offered_deadline_missed", QoSOfferedDeadlineMissedInfo),
    (_P, _P.RCL_PUBLISHER_LIVELINESS_LOST): ("liveliness_lost", QoSLivelinessLostInfo),
    (_P, _P.RCL_PUBLISHER_OFFERED_INCOMPATIBLE_QOS): ("offered_incompatible_qos", QoSOfferedIncompatibleQoSInfo),
    (_P, _P.RCL_PUBLISHER_MATCHED): ("publication_matched", QoSPublisherMatchedInfo),
    (_S, _S.RCL_SUBSCRIPTION_REQUESTED_DEADLINE_MISSED): ("requested_deadline_missed", QoSRequestedDeadlineMissedInfo),
    (_S, _S.RCL_SUBSCRIPTION_LIVELINESS_CHANGED): ("liveliness_changed", QoSLivelinessChangedInfo),
    (_S, _S.RCL_SUBSCRIPTION_REQUESTED_INCOMPATIBLE_QOS): (
        "requested_incompatible_qos",
        QoSRequestedIncompatibleQoSInfo,
    ),
    (_S, _S.RCL_SUBSCRIPTION_MESSAGE_LOST): ("sample_lost", QoSMessageLostInfo),
    (_S, _S.RCL_SUBSCRIPTION_MATCHED): ("subscription_matched", QoSSubscriptionMatchedInfo),
}


class EventHandler(Waitable):
    """Calls back on one kind of event of one endpoint."""

    def __init__(
        self,
        *,
        callback_group: CallbackGroup,
        callback: Callable[[Any], Any],
        event_type: IntEnum,
        parent_impl: Endpoint,
    ) -> None:
        super().__init__(callback_group)
        self.event_type = event_type
        self.callback = callback
        self._endpoint = parent_impl
        try:
            self._kind, self._info = _KINDS[type(event_type), event_type]
        except KeyError:
            raise UnsupportedEventTypeError(f"{event_type!r} is not supported") from None
        # A wait set takes an endpoint once, so the first handler of an endpoint waits and takes for the others too.
        self._siblings: list[EventHandler] = parent_impl.event_handlers
        self._siblings.append(self)
        events.watch(parent_impl.handle, [handler._kind for handler in self._siblings])

    def _conditions(self) -> list[int]:
        return [self._endpoint.handle] if self._siblings and self._siblings[0] is self else []

    def _take(self, which: int = 0) -> Work | None:
        works: list[Work] = []
        for handler in list(self._siblings):
            status = events.take(self._endpoint.handle, handler._kind)
            if status is not None:
                works.append(functools.partial(handler.callback, handler._info(**status)))
        if not works:
            return None
        return works[0] if len(works) == 1 else functools.partial(_run_all, works)

    def get_num_entities(self) -> NumberOfEntities:
        """Count the entities: one event."""
        return NumberOfEntities(num_events=1)

    def destroy(self) -> None:
        """Destroy it with its endpoint."""
        self._destroyed = True


async def _run_all(works: list[Work]) -> None:
    for work in works:
        result = work()
        if inspect.isawaitable(result):
            await result


class QoSEventHandler(EventHandler):
    """The older name of EventHandler."""


class _EventCallbacks:
    """What both containers of callbacks share."""

    _DEFAULTS: dict[str, IntEnum]
    _NEWCOMER: tuple[str, str, str]

    def __init__(self, use_default_callbacks: bool, **callbacks: Callable[[Any], Any] | None) -> None:
        self.use_default_callbacks = use_default_callbacks
        for name, callback in callbacks.items():
            setattr(self, name, callback)

    def _create_event_handlers(
        self, callback_group: CallbackGroup, endpoint: Endpoint, topic_name: str
    ) -> list[EventHandler]:
        handlers = []
        for name, event_type in self._DEFAULTS.items():
            callback = getattr(self, name)
            if callback is None and name == "incompatible_qos" and self.use_default_callbacks:
                callback = functools.partial(self._warn, endpoint.logger_name, topic_name)
            if callback is None or name == "incompatible_type":
                continue
            handlers.append(
                EventHandler(
                    callback_group=callback_group, callback=callback, event_type=event_type, parent_impl=endpoint
                )
            )
        return handlers

    def _warn(self, logger_name: str, topic_name: str, event: Any) -> None:
        who, does, flow = self._NEWCOMER
        get_logger(logger_name).warning(
            f"New {who} discovered on topic '{topic_name}', {does} incompatible QoS. No messages will be {flow} it. "
            f"Last incompatible policy: {qos_policy_name_from_kind(event.last_policy_kind)}"
        )


class SubscriptionEventCallbacks(_EventCallbacks):
    """Callbacks for the events of a subscription."""

    _DEFAULTS = {
        "deadline": _S.RCL_SUBSCRIPTION_REQUESTED_DEADLINE_MISSED,
        "incompatible_qos": _S.RCL_SUBSCRIPTION_REQUESTED_INCOMPATIBLE_QOS,
        "liveliness": _S.RCL_SUBSCRIPTION_LIVELINESS_CHANGED,
        "message_lost": _S.RCL_SUBSCRIPTION_MESSAGE_LOST,
        "incompatible_type": _S.RCL_SUBSCRIPTION_INCOMPATIBLE_TYPE,
        "matched": _S.RCL_SUBSCRIPTION_MATCHED,
    }
    _NEWCOMER = ("publisher", "offering", "received from")

    def __init__(
        self,
        *,
        deadline: Callable[[Any], Any] | None = None,
        incompatible_qos: Callable[[Any], Any] | None = None,
        liveliness: Callable[[Any], Any] | None = None,
        message_lost: Callable[[Any], Any] | None = None,
        incompatible_type: Callable[[Any], Any] | None = None,
        matched: Callable[[Any], Any] | None = None,
        use_default_callbacks: bool = True,
    ) -> None:
        """Each callback takes the event's info. By default an incompatible publisher is warned of."""
        super().__init__(
            use_default_callbacks,
            deadline=deadline,
            incompatible_qos=incompatible_qos,
            liveliness=liveliness,
            message_lost=message_lost,
            incompatible_type=incompatible_type,
            matched=matched,
        )

    def create_event_handlers(
        self, callback_group: CallbackGroup, subscription: Endpoint, topic_name: str
    ) -> list[EventHandler]:
        """Make a handler for each callback, and the default ones."""
        return self._create_event_handlers(callback_group, subscription, topic_name)


class PublisherEventCallbacks(_EventCallbacks):
    """Callbacks for the events of a publisher."""

    _DEFAULTS = {
        "deadline": _P.RCL_PUBLISHER_OFFERED_DEADLINE_MISSED,
        "liveliness": _P.RCL_PUBLISHER_LIVELINESS_LOST,
        "incompatible_qos": _P.RCL_PUBLISHER_OFFERED_INCOMPATIBLE_QOS,
        "incompatible_type": _P.RCL_PUBLISHER_INCOMPATIBLE_TYPE,
        "matched": _P.RCL_PUBLISHER_MATCHED,
    }
    _NEWCOMER = ("subscription", "requesting", "sent to")

    def __init__(
        self,
        *,
        deadline: Callable[[Any], Any] | None = None,
        liveliness: Callable[[Any], Any] | None = None,
        incompatible_qos: Callable[[Any], Any] | None = None,
        incompatible_type: Callable[[Any], Any] | None = None,
        matched: Callable[[Any], Any] | None = None,
        use_default_callbacks: bool = True,
    ) -> None:
        """Each callback takes the event's info. By default an incompatible subscription is warned of."""
        super().__init__(
            use_default_callbacks,
            deadline=deadline,
            liveliness=liveliness,
            incompatible_qos=incompatible_qos,
            incompatible_type=incompatible_type,
            matched=matched,
        )

    def create_event_handlers(
        self, callback_group: CallbackGroup, publisher: Endpoint, topic_name: str
    ) -> list[EventHandler]:
        """Make a handler for each callback, and the default ones."""
        return self._create_event_handlers(callback_group, publisher, topic_name)
