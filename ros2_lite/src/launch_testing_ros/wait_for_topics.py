"""Wait for messages."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor


class WaitForTopics:
    """Waits until there was a message on each of some topics."""

    def __init__(
        self,
        topic_tuples: Iterable[tuple[str, Any]],
        timeout: float = 5.0,
        messages_received_buffer_length: int = 10,
    ) -> None:
        """Make a node, in a context and a thread of its own.

        Args:
            topic_tuples: pairs of a topic and the class of its messages.
            timeout: seconds that `wait` waits at most.
            messages_received_buffer_length: how many messages of each topic are kept.
        """
        self.topic_tuples = list(topic_tuples)
        self.timeout = timeout
        self.messages_received_buffer_length = messages_received_buffer_length
        self._received: dict[str, deque[Any]] = {}
        self._complete = threading.Event()
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node(f"_test_node_{uuid.uuid4().hex[:10]}", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()

    def _on_message(self, topic: str) -> Callable[[Any], None]:
        def on_message(message: Any) -> None:
            self._received[topic].append(message)
            if all(self._received.values()):
                self._complete.set()

        return on_message

    def wait(self) -> bool:
        """Wait for a message on each topic; return whether they came in time."""
        self._complete.clear()
        known = set(self._received)
        for messages in self._received.values():
            messages.clear()
        for topic, _ in self.topic_tuples:
            self._received.setdefault(topic, deque(maxlen=self.messages_received_buffer_length))
        for topic, cls in self.topic_tuples:
            if topic not in known:
                self._node.create_subscription(cls, topic, self._on_message(topic), 10)
        return self._complete.wait(self.timeout)

    def shutdown(self) -> None:
        """Remove the node."""
        self._context.try_shutdown()
        self._thread.join()
        self._node.destroy_node()

    def topics_received(self) -> set[str]:
        """Return the topics on which there was a message."""
        return {topic for topic, messages in self._received.items() if messages}

    def topics_not_received(self) -> set[str]:
        """Return the topics on which there was none."""
        return {topic for topic, _ in self.topic_tuples} - self.topics_received()

    def received_messages(self, topic_name: str) -> list[Any]:
        """Return the last messages of a topic."""
        if topic_name not in self._received:
            raise KeyError(f"No messages received for topic: {topic_name}")
        return list(self._received[topic_name])

    def __enter__(self) -> WaitForTopics:
        if not self.wait():
            missing = self.topics_not_received()
            self.shutdown()
            raise RuntimeError("Did not receive messages on these topics: ", missing)
        return self

    def __exit__(self, *exc: object) -> None:
        self.shutdown()
