"""ros2 topic type."""

from __future__ import annotations

import argparse

from ros2cli._names import known, print_types, topics
from ros2cli._node import add_strategy_arguments, open_node
from ros2cli.topic._api import add_topic_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    add_topic_argument(parser, "get type")
    parser.add_argument("--include-hidden-topics", action="store_true", help="Consider hidden topics as well")


def main(args: argparse.Namespace) -> int:
    """Print the types of a topic."""
    with open_node(args, until=known(topics, args.topic_name)) as node:
        return print_types(topics(node, args.include_hidden_topics), args.topic_name)
