"""ros2 node info."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from typing import Any

from ros2cli._names import node_names, parse_node_name, visible
from ros2cli._node import add_strategy_arguments, open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    parser.add_argument("node_name", help="Node name to request information")
    parser.add_argument(
        "--include-hidden", action="store_true", help="Display hidden topics, services, and actions as well"
    )


def main(args: argparse.Namespace) -> str | None:
    """Print what a node has."""
    from rclpy.action import (
        get_action_client_names_and_types_by_node,
        get_action_server_names_and_types_by_node,
    )

    def count(node: Any) -> int:
        return [name.full_name for name in node_names(node, args.include_hidden)].count(args.node_name)

    def complete(node: Any) -> bool:
        # A node may be known by name before its endpoints are.
        return count(node) > 0 and bool(node.get_publisher_names_and_types_by_node(wanted.name, wanted.namespace))

    wanted = parse_node_name(args.node_name)
    with open_node(args, until=complete) as node:
        number = count(node)
        if number == 0:
            return f"Unable to find node '{args.node_name}'"
        if number > 1:
            print(
                f'There are {number} nodes in the graph with the exact name "{args.node_name}". '
                "You are seeing information about only one of them.",
                file=sys.stderr,
            )
        print(args.node_name)
        for title, get in (
            ("Subscribers", node.get_subscriber_names_and_types_by_node),
            ("Publishers", node.get_publisher_names_and_types_by_node),
            ("Service Servers", node.get_service_names_and_types_by_node),
            ("Service Clients", node.get_client_names_and_types_by_node),
            ("Action Servers", partial(get_action_server_names_and_types_by_node, node)),
            ("Action Clients", partial(get_action_client_names_and_types_by_node, node)),
        ):
            found = visible(get(wanted.name, wanted.namespace), args.include_hidden)
            print(f"  {title}:")
            print(*[f"    {name}: {', '.join(types)}" for name, types in found], sep="\n")
    return None
