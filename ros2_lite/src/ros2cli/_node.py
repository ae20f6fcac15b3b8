"""The node that a command looks at the graph with."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

NODE_NAME_PREFIX = "_ros2cli"
DEFAULT_SPIN_TIME_S = 0.5
# How long to look on after what was sought is there: its other endpoints may be a moment behind.
_SETTLE_S = 0.1


def add_direct_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of every command that has a node."""
    parser.add_argument(
        "--spin-time",
        type=float,
        default=DEFAULT_SPIN_TIME_S,
        help="Spin time in seconds to wait for discovery (only applies when not using an already running daemon)",
    )
    parser.add_argument("-s", "--use-sim-time", action="store_true", help="Enable ROS simulation time")


def add_strategy_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the commands that upstream asks its daemon for."""
    add_direct_arguments(parser)
    parser.add_argument("--no-daemon", action="store_true", help="Do not spawn nor use an already running daemon")


@contextlib.contextmanager
def open_node(
    args: argparse.Namespace | None = None,
    *,
    name: str | None = None,
    until: Callable[[Any], bool] | None = None,
    **init_options: Any,
) -> Iterator[Any]:
    """Make a node that has seen the graph.

    Args:
        args: of the command line; those that `add_direct_arguments` declares are used.
        name: the node's name.
        init_options: for rclpy.init().
        until: says whether the node has seen enough; else it looks for the whole spin time.
    """
    import rclpy
    from rclpy.parameter import Parameter

    rclpy.init(args=[], **init_options)
    node = rclpy.create_node(
        name or f"{NODE_NAME_PREFIX}_{os.getpid()}",
        start_parameter_services=False,
        parameter_overrides=[Parameter("use_sim_time", value=bool(getattr(args, "use_sim_time", False)))],
        automatically_declare_parameters_from_overrides=True,
    )
    try:
        spin_time = getattr(args, "spin_time", DEFAULT_SPIN_TIME_S)
        if until is None:
            spin_for(node, spin_time)
        elif spin_until(node, lambda: until(node), spin_time):
            spin_for(node, min(_SETTLE_S, spin_time))
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def spin_for(node: Any, seconds: float) -> None:
    """Spin for a time."""
    spin_until(node, lambda: False, seconds)


def spin_until(node: Any, predicate: Callable[[], bool], seconds: float | None) -> bool:
    """Spin until something holds, at most for a time (None: for ever); return whether it does."""
    import rclpy

    deadline = None if seconds is None else time.monotonic() + seconds
    while not predicate():
        remaining = 0.02 if deadline is None else min(0.02, deadline - time.monotonic())
        if remaining <= 0 or not rclpy.ok():
            return predicate()
        rclpy.spin_once(node, timeout_sec=remaining)
    return True
