"""ros2 topic bw."""

from __future__ import annotations

import argparse
from collections import deque
from typing import Any

from ros2cli._arguments import positive_int
from ros2cli._node import add_direct_arguments, open_node
from ros2cli.topic._api import topic_class, topic_is_known

DEFAULT_WINDOW_SIZE = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("topic", help="Topic name to monitor for bandwidth utilization")
    parser.add_argument(
        "--window",
        "-w",
        type=positive_int,
        default=DEFAULT_WINDOW_SIZE,
        metavar="WINDOW",
        help=f"maximum window size, in # of messages, for calculating rate (default: {DEFAULT_WINDOW_SIZE})",
    )
    add_direct_arguments(parser)


def _amounts(bytes_per_s: float, *sizes: float) -> list[str]:
    """Write amounts of bytes, all in the unit that fits the rate."""
    if bytes_per_s < 1000:
        return [f"{value:.0f} B" for value in (bytes_per_s, *sizes)]
    unit, factor = ("KB", 1e3) if bytes_per_s < 1e6 else ("MB", 1e6)
    return [f"{value / factor:.2f} {unit}" for value in (bytes_per_s, *sizes)]


def main(args: argparse.Namespace) -> None:
    """Print the bandwidth that a topic uses."""
    import rclpy
    from rclpy.qos import qos_profile_sensor_data

    with open_node(args, until=topic_is_known(args.topic)) as node:
        cls = topic_class(node, args.topic, blocking=True)
        if cls is None:
            return
        clock = node.get_clock()
        samples: deque[tuple[int, int]] = deque(maxlen=args.window)

        def on_message(data: bytes) -> None:
            samples.append((clock.now().nanoseconds, len(data)))

        def show(_: Any = None) -> None:
            elapsed_s = (clock.now().nanoseconds - samples[0][0]) * 1e-9 if len(samples) > 1 else 0.0
            if elapsed_s <= 0.0:
                return
            sizes = [size for _, size in samples]
            rate, mean, least, most = _amounts(sum(sizes) / elapsed_s, sum(sizes) / len(sizes), min(sizes), max(sizes))
            print(f"{rate}/s from {len(sizes)} messages\n\tMessage size mean: {mean} min: {least} max: {most}")

        node.create_subscription(cls, args.topic, on_message, qos_profile_sensor_data, raw=True)
        print(f"Subscribed to [{args.topic}]")
        node.create_timer(1.0, show)
        rclpy.spin(node)
