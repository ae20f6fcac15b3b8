"""ros2 topic info."""

from __future__ import annotations

import argparse

from ros2cli._names import known, topics
from ros2cli._node import add_strategy_arguments, open_node
from ros2cli.topic._api import add_topic_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    add_topic_argument(parser, "get info")
    parser.add_argument(
        "--verbose",
        "-v",
        action="store_true",
        help="Prints detailed information like the node name, node namespace, topic type, topic type hash, GUID, and "
        "QoS Profile of the publishers and subscribers to this topic",
    )


def main(args: argparse.Namespace) -> str | None:
    """Print what is known of a topic."""
    name = args.topic_name
    end = "\n\n" if args.verbose else "\n"
    with open_node(args, until=known(lambda node: topics(node, True), name)) as node:
        types = dict(topics(node, True)).get(name)
        if types is None:
            return f"Unknown topic '{name}'"
        print(f"Type: {types[0] if len(types) == 1 else types}", end=end)
        print(f"Publisher count: {node.count_publishers(name)}", end=end)
        for info in node.get_publishers_info_by_topic(name) if args.verbose else ():
            print(info, end=end)
        print(f"Subscription count: {node.count_subscribers(name)}", end=end)
        for info in node.get_subscriptions_info_by_topic(name) if args.verbose else ():
            print(info, end=end)
    return None
