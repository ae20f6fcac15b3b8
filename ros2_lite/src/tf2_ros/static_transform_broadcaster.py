"""Send transforms that hold for good."""

from __future__ import annotations

from collections.abc import Iterable

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from tf2_msgs.msg import TFMessage

from .transform_broadcaster import listed


class StaticTransformBroadcaster:
    """Publishes all its transforms, each time, on the latched /tf_static, so that a late joiner gets every one."""

    def __init__(self, node: Node, qos: QoSProfile | int | None = None) -> None:
        """Create the publisher, keep last 1, transient local by default."""
        if qos is None:
            qos = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL, history=HistoryPolicy.KEEP_LAST)
        self.pub_tf = node.create_publisher(TFMessage, "/tf_static", qos)
        self.net_message = TFMessage()
        self._child_frame_ids: set[str] = set()

    def sendTransform(self, transform: TransformStamped | Iterable[TransformStamped]) -> None:
        """Publish one transform or several; the first for a child frame is the one that counts."""
        for t in listed(transform):
            if t.child_frame_id not in self._child_frame_ids:
                self._child_frame_ids.add(t.child_frame_id)
                self.net_message.transforms.append(t)
        self.pub_tf.publish(self.net_message)
