"""Spin a node in a thread of its own."""

from __future__ import annotations

import threading
from typing import Any


class MessagePump:
    """Spins a node between `start` and `stop`."""

    def __init__(self, node: Any, context: Any = None) -> None:
        self._node = node
        self._context = context
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._spin, name="msg_pump_thread", daemon=True)

    def start(self) -> None:
        """Begin to spin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop spinning."""
        self._stopping.set()
        self._thread.join(timeout=5.0)
        if self._thread.is_alive():
            raise Exception("Timed out waiting for message pump to stop")

    def _spin(self) -> None:
        from rclpy.executors import SingleThreadedExecutor

        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self._node)
        while not self._stopping.is_set():
            executor.spin_once(timeout_sec=0.1)
        executor.remove_node(self._node)
