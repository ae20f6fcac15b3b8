"""ros2 action list."""

from __future__ import annotations

import argparse

from ros2cli._names import actions, print_list
from ros2cli._node import open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-t", "--show-types", action="store_true", help="Additionally show the action type")
    parser.add_argument(
        "-c", "--count-actions", action="store_true", help="Only display the number of actions discovered"
    )


def main(args: argparse.Namespace) -> None:
    """Print the actions."""
    with open_node() as node:
        print_list(args, actions(node), args.count_actions)
