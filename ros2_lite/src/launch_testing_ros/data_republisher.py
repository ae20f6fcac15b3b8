"""Change messages between two nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class DataRepublisher:
    """Publishes the messages of one topic on another, changed."""

    def __init__(
        self,
        node: Any,
        listen_topic: str,
        publish_topic: str,
        msg_type: Any,
        transform_fn: Callable[[Any], Any],
    ) -> None:
        """Begin.

        Args:
            node: which subscribes and publishes.
            listen_topic: where messages come from.
            publish_topic: where they go.
            msg_type: their class.
            transform_fn: returns the changed message, or None to drop it.
        """
        self._received = 0
        self._republished: list[Any] = []
        self._node = node
        self._transform = transform_fn
        self._publisher = node.create_publisher(msg_type, publish_topic, 10)
        self._subscription = node.create_subscription(msg_type, listen_topic, self._on_message, 10)

    def shutdown(self) -> None:
        """Stop."""
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_publisher(self._publisher)

    def get_num_received(self) -> int:
        """Return how many messages came."""
        return self._received

    def get_num_republished(self) -> int:
        """Return how many messages were published."""
        return len(self._republished)

    def get_republished(self) -> list[Any]:
        """Return the messages that were published."""
        return self._republished

    def _on_message(self, message: Any) -> None:
        self._received += 1
        changed = self._transform(message)
        if changed:
            self._republished.append(message)
            self._publisher.publish(changed)
