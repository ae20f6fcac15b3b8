"""One message, without a subscription of one's own."""

from __future__ import annotations

import time
from typing import Any

from rclpy.qos import QoSProfile
from ros2_lite.dds.waitset import GuardCondition, WaitSet


def wait_for_message(
    msg_type: Any, node: Any, topic: str, *, qos_profile: QoSProfile | int = 1, time_to_wait: float = -1
) -> tuple[bool, Any]:
    """Wait for the next message on a topic, for ever where `time_to_wait` is negative.

    Returns (True, message), or (False, None) where time is up or the context ends first.
    """
    context = node.context
    deadline = None if time_to_wait is None or time_to_wait < 0 else time.monotonic() + time_to_wait
    subscription = node.create_subscription(msg_type, topic, lambda _: None, qos_profile)
    waitset, interrupt = WaitSet(), GuardCondition()
    context._add_interrupt(interrupt.trigger)
    try:
        waitset.attach(interrupt.handle, 0)
        waitset.attach(subscription._reader.condition, 1)
        while context.ok():
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            waitset.wait(None if left is None else int(left * 1e9))
            taken = subscription._take_message()
            if taken is not None:
                return True, taken[0]
            if left == 0:
                break
        return False, None
    finally:
        context._remove_interrupt(interrupt.trigger)
        waitset.close()
        interrupt.close()
        node.destroy_subscription(subscription)
