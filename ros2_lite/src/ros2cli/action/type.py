"""ros2 action type."""

from __future__ import annotations

import argparse

from ros2cli._names import actions, known, print_types
from ros2cli._node import open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action_name", help="Name of the ROS action to get info (e.g. '/fibonacci')")


def main(args: argparse.Namespace) -> int:
    """Print the types of an action."""
    with open_node(until=known(actions, args.action_name)) as node:
        return print_types(actions(node), args.action_name)
