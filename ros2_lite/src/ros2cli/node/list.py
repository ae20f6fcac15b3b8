"""ros2 node list."""

from __future__ import annotations

import argparse
import sys

from ros2cli._names import node_names
from ros2cli._node import add_strategy_arguments, open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    parser.add_argument("-a", "--all", action="store_true", help="Display all nodes even hidden ones")
    parser.add_argument("-c", "--count-nodes", action="store_true", help="Only display the number of nodes discovered")


def main(args: argparse.Namespace) -> None:
    """Print the nodes."""
    with open_node(args) as node:
        names = sorted(name.full_name for name in node_names(node, args.all))
    if args.count_nodes:
        print(len(names))
        return
    if len(set(names)) < len(names):
        print(
            "WARNING: Be aware that there are nodes in the graph that share an exact name, which can have unintended "
            "side effects.",
            file=sys.stderr,
        )
    for name in names:
        print(name)
