"""ros2 action info."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ros2cli._names import join
from ros2cli._node import open_node
from ros2cli.topic._api import full_topic_name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action_name", help="Name of the ROS action to get info (e.g. '/fibonacci')")
    parser.add_argument("-t", "--show-types", action="store_true", help="Additionally show the action type")
    parser.add_argument(
        "-c",
        "--count",
        action="store_true",
        help="Only display the number of action clients and action servers",
    )


def main(args: argparse.Namespace) -> None:
    """Print who serves and who uses an action."""
    from rclpy.action import (
        get_action_client_names_and_types_by_node,
        get_action_server_names_and_types_by_node,
    )

    with open_node() as node:
        wanted = full_topic_name(node, args.action_name)

        def users(get: Callable[..., Any]) -> list[tuple[str, list[str]]]:
            return [
                (join(namespace, name), types)
                for name, namespace in node.get_node_names_and_namespaces()
                for action, types in get(node, name, namespace)
                if action == wanted
            ]

        clients = users(get_action_client_names_and_types_by_node)
        servers = users(get_action_server_names_and_types_by_node)
    print(f"Action: {args.action_name}")
    for title, nodes in (("clients", clients), ("servers", servers)):
        print(f"Action {title}: {len(nodes)}")
        for name, types in () if args.count else nodes:
            print(f"    {name} [{', '.join(types)}]" if args.show_types else f"    {name}")
