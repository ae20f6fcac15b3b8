"""ros2 service type."""

from __future__ import annotations

import argparse

from ros2cli._names import known, print_types, services
from ros2cli._node import add_strategy_arguments, open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    parser.add_argument("service_name", help="Name of the ROS service to get type (e.g. '/talker/list_parameters')")
    parser.add_argument("--include-hidden-services", action="store_true", help="Consider hidden services as well")


def main(args: argparse.Namespace) -> int:
    """Print the types of a service."""
    with open_node(args, until=known(services, args.service_name)) as node:
        return print_types(services(node, args.include_hidden_services), args.service_name)
