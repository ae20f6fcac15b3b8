"""ros2 topic find."""

from __future__ import annotations

import argparse

from ros2cli._names import print_found, topics
from ros2cli._node import add_strategy_arguments, open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    parser.add_argument("topic_type", help="Name of the ROS topic type to filter for (e.g. 'std_msg/msg/String')")
    parser.add_argument(
        "-c", "--count-topics", action="store_true", help="Only display the number of topics discovered"
    )
    parser.add_argument("--include-hidden-topics", action="store_true", help="Consider hidden topics as well")


def main(args: argparse.Namespace) -> None:
    """Print the topics of a type."""
    with open_node(args) as node:
        print_found(topics(node, args.include_hidden_topics), args.topic_type, args.count_topics)
