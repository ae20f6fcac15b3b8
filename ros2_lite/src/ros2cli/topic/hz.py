"""ros2 topic hz."""

from __future__ import annotations

import argparse
import math
from collections import deque
from typing import Any

from ros2cli._arguments import compile_filter, positive_int
from ros2cli._node import add_direct_arguments, open_node
from ros2cli.topic._api import add_topic_argument, topic_class, topic_is_known

DEFAULT_WINDOW_SIZE = 10000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_topic_argument(parser, "listen to")
    parser.add_argument(
        "--window",
        "-w",
        dest="window_size",
        type=positive_int,
        default=DEFAULT_WINDOW_SIZE,
        metavar="WINDOW",
        help=f"window size, in # of messages, for calculating rate (default: {DEFAULT_WINDOW_SIZE})",
    )
    parser.add_argument(
        "--filter",
        dest="filter_expr",
        metavar="EXPR",
        help="only measure messages matching the specified Python expression",
    )
    parser.add_argument(
        "--wall-time",
        dest="use_wtime",
        action="store_true",
        help="calculates rate using wall time which can be helpful when clock is not published during simulation",
    )
    add_direct_arguments(parser)


class _Meter:
    """Measures the times between messages."""

    def __init__(self, window_size: int) -> None:
        self._gaps: deque[float] = deque(maxlen=window_size)
        self._last: float | None = None
        self._printed: float | None = None

    def add(self, now: float) -> None:
        """Note a message, with the time in seconds."""
        if self._last is None or now < self._last:
            if self._last is not None:
                print("time has reset, resetting counters")
            self._gaps.clear()
            self._printed = now
        else:
            self._gaps.append(now - self._last)
        self._last = now

    def print(self) -> None:
        """Print the figures, once a second."""
        if not self._gaps or self._last is None or self._printed is None or self._last < self._printed + 1.0:
            return
        self._printed = self._last
        mean = sum(self._gaps) / len(self._gaps)
        deviation = math.sqrt(sum((gap - mean) ** 2 for gap in self._gaps) / len(self._gaps))
        print(
            f"average rate: {1.0 / mean if mean > 0 else 0.0:.3f}\n\tmin: {min(self._gaps):.3f}s "
            f"max: {max(self._gaps):.3f}s std dev: {deviation:.5f}s window: {len(self._gaps)}"
        )


def main(args: argparse.Namespace) -> None:
    """Print the rate of a topic."""
    import rclpy
    from rclpy.clock import Clock
    from rclpy.qos import qos_profile_sensor_data

    wanted = compile_filter(args.filter_expr)
    with open_node(args, until=topic_is_known(args.topic_name)) as node:
        cls = topic_class(node, args.topic_name, blocking=True)
        if cls is None:
            return
        clock = Clock() if args.use_wtime else node.get_clock()
        meter = _Meter(args.window_size)

        def on_message(message: Any) -> None:
            if wanted is None or wanted(message):
                now = clock.now().nanoseconds
                if now:
                    meter.add(now * 1e-9)

        # Without a filter nobody looks into the message.
        node.create_subscription(cls, args.topic_name, on_message, qos_profile_sensor_data, raw=wanted is None)
        while rclpy.ok():
            rclpy.spin_once(node)
            meter.print()
