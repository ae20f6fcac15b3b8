"""ros2 topic delay."""

from __future__ import annotations

import argparse
import math
from collections import deque
from typing import Any

from ros2cli._arguments import positive_int
from ros2cli._node import add_direct_arguments, open_node
from ros2cli.topic._api import topic_class, topic_is_known

DEFAULT_WINDOW_SIZE = 10000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("topic", help="Topic name to calculate the delay for")
    parser.add_argument(
        "--window",
        "-w",
        type=positive_int,
        default=DEFAULT_WINDOW_SIZE,
        help=f"window size, in # of messages, for calculating rate, string to (default: {DEFAULT_WINDOW_SIZE})",
    )
    add_direct_arguments(parser)


def main(args: argparse.Namespace) -> None:
    """Print how old messages are when they arrive."""
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from rclpy.time import Time

    with open_node(args, until=topic_is_known(args.topic)) as node:
        cls = topic_class(node, args.topic, blocking=True)
        if cls is None:
            return
        clock = node.get_clock()
        delays_s: deque[float] = deque(maxlen=args.window)
        fresh = False

        def on_message(message: Any) -> None:
            nonlocal fresh
            if not hasattr(message, "header"):
                raise RuntimeError("msg does not have header")
            delays_s.append((clock.now() - Time.from_msg(message.header.stamp)).nanoseconds * 1e-9)
            fresh = True

        def show() -> None:
            nonlocal fresh
            if not delays_s:
                return
            if not fresh:
                print("no new messages")
                return
            fresh = False
            mean = sum(delays_s) / len(delays_s)
            deviation = math.sqrt(sum((delay - mean) ** 2 for delay in delays_s) / len(delays_s))
            print(
                f"average delay: {mean:.3f}\n\tmin: {min(delays_s):.3f}s max: {max(delays_s):.3f}s "
                f"std dev: {deviation:.5f}s window: {len(delays_s)}"
            )

        node.create_subscription(cls, args.topic, on_message, qos_profile_sensor_data)
        node.create_timer(1.0, show)
        rclpy.spin(node)
