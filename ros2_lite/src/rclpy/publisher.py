"""Publishers."""

from __future__ import annotations

from typing import Any, TypeVar

from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.exceptions import InvalidHandle
from rclpy.qos import QoSProfile
from ros2_lite import idl
from ros2_lite.dds.endpoints import Writer
from ros2_lite.dds.library import DDSError

MsgType = TypeVar("MsgType")


class Publisher:
    """Sends messages to a topic. Make it with `Node.create_publisher`."""

    def __init__(
        self,
        publisher_impl: Writer,
        msg_type: Any,
        topic: str,
        qos_profile: QoSProfile,
        event_callbacks: PublisherEventCallbacks,
        callback_group: CallbackGroup,
    ) -> None:
        self._writer = publisher_impl
        self.msg_type = msg_type
        self.topic = topic
        self.qos_profile = qos_profile
        self._destroyed = False
        self._topic_name = topic
        self._context: Any = None
        self.event_handlers = event_callbacks.create_event_handlers(callback_group, publisher_impl, topic)

    def publish(self, msg: Any) -> None:
        """Send a message, or bytes that are one in CDR already; TypeError for anything else."""
        if self._destroyed:
            raise InvalidHandle("cannot use Destroyable because destruction was requested")
        if isinstance(msg, self.msg_type):
            data = idl.serialize(msg)
        elif isinstance(msg, bytes):
            data = msg
        else:
            raise TypeError(f"Expected {self.msg_type}, got {type(msg)}")
        if self._context is not None and not self._context._valid:
            raise RCLError(f"Failed to publish: publisher's context is invalid, topic '{self._topic_name}'")
        try:
            self._writer.write(data)
        except DDSError as error:
            raise RCLError(f"Failed to publish: {error}") from error

    def get_subscription_count(self) -> int:
        """Count the subscriptions that match."""
        self.handle  # noqa: B018  a destroyed one raises
        if self._context is not None:
            self._context._require_valid("failed to get subscription count")
        return self._writer.matched_count()

    @property
    def topic_name(self) -> str:
        """The topic, fully qualified and remapped."""
        self.handle  # noqa: B018
        return self._topic_name

    @property
    def handle(self) -> Writer:
        """Return the DDS writer."""
        if self._destroyed:
            raise InvalidHandle("cannot use Destroyable because destruction was requested")
        return self._writer

    def destroy(self) -> None:
        """Destroy it; users call `Node.destroy_publisher`."""
        if self._destroyed:
            raise InvalidHandle("cannot use Destroyable because destruction was requested")
        for handler in self.event_handlers:
            handler.destroy()
        self._destroyed = True
        self._writer.close()

    def assert_liveliness(self) -> None:
        """Say that this publisher is alive, where its liveliness is MANUAL_BY_TOPIC."""
        self.handle.assert_liveliness()

    def wait_for_all_acked(self, timeout: Duration | None = None) -> bool:
        """Block until all reliable subscriptions have acknowledged everything; False where time is up first.

        None and negative wait for ever.
        """
        nanoseconds = -1 if timeout is None else timeout.nanoseconds
        return self.handle.wait_for_acks(None if nanoseconds < 0 else nanoseconds)
