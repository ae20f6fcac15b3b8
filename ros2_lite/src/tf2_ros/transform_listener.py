"""Fill a buffer from /tf and /tf_static."""

from __future__ import annotations

from threading import Thread

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from .buffer import Buffer


class TransformListener:
    """Subscribes to /tf and /tf_static as long as it lives, and hands what comes to a buffer."""

    def __init__(
        self,
        buffer: Buffer,
        node: Node,
        *,
        spin_thread: bool = False,
        qos: QoSProfile | int | None = None,
        static_qos: QoSProfile | int | None = None,
    ) -> None:
        """Subscribe.

        Args:
            buffer: what to fill.
            node: whose subscriptions these are.
            spin_thread: spin the node in a thread of its own.
            qos: for /tf; keep last 100 by default.
            static_qos: for /tf_static; keep last 100, transient local by default.
        """
        history = HistoryPolicy.KEEP_LAST
        if qos is None:
            qos = QoSProfile(depth=100, durability=DurabilityPolicy.VOLATILE, history=history)
        if static_qos is None:
            static_qos = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL, history=history)
        self.buffer = buffer
        self.node = node
        # in the default group a callback that waits for a transform would keep it from coming in
        self.group = ReentrantCallbackGroup()
        self.tf_sub = node.create_subscription(TFMessage, "/tf", self.callback, qos, callback_group=self.group)
        self.tf_static_sub = node.create_subscription(
            TFMessage, "/tf_static", self.static_callback, static_qos, callback_group=self.group
        )
        if spin_thread:
            self.executor = SingleThreadedExecutor()
            self.dedicated_listener_thread = Thread(target=self._spin, daemon=True)
            self.dedicated_listener_thread.start()

    def _spin(self) -> None:
        self.executor.add_node(self.node)
        self.executor.spin()
        self.executor.remove_node(self.node)

    def __del__(self) -> None:
        if hasattr(self, "dedicated_listener_thread"):
            self.executor.shutdown()
            self.dedicated_listener_thread.join()
        if hasattr(self, "tf_static_sub"):
            self.unregister()

    def unregister(self) -> None:
        """End both subscriptions."""
        self.node.destroy_subscription(self.tf_sub)
        self.node.destroy_subscription(self.tf_static_sub)

    def callback(self, data: TFMessage) -> None:
        """Take in a message of /tf."""
        for transform in data.transforms:
            self.buffer.set_transform(transform, "default_authority")

    def static_callback(self, data: TFMessage) -> None:
        """Take in a message of /tf_static."""
        for transform in data.transforms:
            self.buffer.set_transform_static(transform, "default_authority")
