"""ros2 service list."""

from __future__ import annotations

import argparse

from ros2cli._names import print_list, services
from ros2cli._node import add_strategy_arguments, open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    parser.add_argument("-t", "--show-types", action="store_true", help="Additionally show the service type")
    parser.add_argument(
        "-c", "--count-services", action="store_true", help="Only display the number of services discovered"
    )
    parser.add_argument("--include-hidden-services", action="store_true", help="Consider hidden services as well")


def main(args: argparse.Namespace) -> None:
    """Print the services."""
    with open_node(args) as node:
        print_list(args, services(node, args.include_hidden_services), args.count_services)
