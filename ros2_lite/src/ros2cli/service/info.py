"""ros2 service info."""

from __future__ import annotations

import argparse

from ros2cli._names import known, services
from ros2cli._node import add_strategy_arguments, open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    parser.add_argument("service_name", help="Name of the ROS service to get info (e.g. '/add_two_ints')")
    parser.add_argument("--include-hidden-services", action="store_true", help="Consider hidden services as well")


def main(args: argparse.Namespace) -> str | None:
    """Print what is known of a service."""
    name = args.service_name
    with open_node(args, until=known(services, name)) as node:
        types = dict(services(node, args.include_hidden_services)).get(name)
        if types is None:
            return f"Unknown service '{name}'"
        print(f"Type: {types[0] if len(types) == 1 else types}")
        print(f"Clients count: {node.count_clients(name)}")
        print(f"Services count: {node.count_services(name)}")
    return None
