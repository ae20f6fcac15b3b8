"""Subscriptions."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from rclpy.callback_groups import CallbackGroup
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.qos import QoSProfile
from ros2_lite import idl
from ros2_lite.dds.endpoints import Reader
from ros2_lite.entity import Entity, Work

MsgType = TypeVar("MsgType")


class Subscription(Entity):
    """Receives messages from a topic. Make it with `Node.create_subscription`."""

    class CallbackType(Enum):
        """What the callback takes."""

        MessageOnly = 0
        WithMessageInfo = 1

    _callback_type: CallbackType
    _logger = RcutilsLogger("rclpy")

    def __init__(
        self,
        subscription_impl: Reader,
        msg_type: Any,
        topic: str,
        callback: Callable[..., Any],
        callback_group: CallbackGroup,
        qos_profile: QoSProfile,
        raw: bool,
        event_callbacks: SubscriptionEventCallbacks,
    ) -> None:
        self._reader = subscription_impl
        self.msg_type = msg_type
        self.topic = topic
        self._topic_name = topic
        self.callback = callback
        self.callback_group = callback_group
        self.qos_profile = qos_profile
        self.raw = raw
        self.event_handlers = event_callbacks.create_event_handlers(callback_group, subscription_impl, topic)

    @property
    def callback(self) -> Callable[..., Any]:
        """The callback: takes the message, or the message and its info."""
        return self._callback

    @callback.setter
    def callback(self, value: Callable[..., Any]) -> None:
        signature = inspect.signature(value)
        for count, kind in ((1, self.CallbackType.MessageOnly), (2, self.CallbackType.WithMessageInfo)):
            try:
                signature.bind(*(object() for _ in range(count)))
            except TypeError:
                continue
            self._callback = value
            self._callback_type = kind
            return
        raise RuntimeError(
            "Subscription.__init__(): callback should be either be callable with one argument"
            "(to get only the message) or two (to get message and message info)"
        )

    def _conditions(self) -> list[int]:
        return [] if self._destroyed else [self._reader.condition]

    def _take(self, which: int = 0) -> Work | None:
        taken = self._reader.take()
        if taken is None:
            return None
        data, source_timestamp, _ = taken
        received = time.time_ns()

        def work() -> Any:
            message: Any = bytes(data) if self.raw else data
            if not self.raw:
                try:
                    message = idl.deserialize(data, self.msg_type)
                except idl.CdrError as error:
                    self._logger.error(f"topic '{self._topic_name}': message dropped: {error}")
                    return None
            if self._callback_type is self.CallbackType.MessageOnly:
                return self._callback(message)
            return self._callback(
                message,
                {
                    "source_timestamp": source_timestamp,
                    "received_timestamp": received,
                    "publication_sequence_number": None,
                    "reception_sequence_number": None,
                },
            )

        return work

    def _take_message(self) -> tuple[Any, dict[str, Any]] | None:
        """Take the next message without an executor: (message, info), or None where there is none."""
        taken = self._reader.take()
        if taken is None:
            return None
        message = bytes(taken[0]) if self.raw else idl.deserialize(taken[0], self.msg_type)
        return message, {"source_timestamp": taken[1], "received_timestamp": time.time_ns()}

    def get_publisher_count(self) -> int:
        """Count the publishers that match."""
        self._require_alive()
        return self._reader.matched_count()

    @property
    def topic_name(self) -> str:
        """The topic, fully qualified and remapped."""
        self._require_alive()
        return self._topic_name

    def destroy(self) -> None:
        """Destroy it; users call `Node.destroy_subscription`."""
        self._require_alive()
        for handler in self.event_handlers:
            handler.destroy()
        self._destroyed = True
        self._reader.close()
