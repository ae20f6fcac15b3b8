"""ros2 topic list."""

from __future__ import annotations

import argparse

from ros2cli._names import print_list, topics
from ros2cli._node import add_strategy_arguments, open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    parser.add_argument("-t", "--show-types", action="store_true", help="Additionally show the topic type")
    parser.add_argument(
        "-c", "--count-topics", action="store_true", help="Only display the number of topics discovered"
    )
    parser.add_argument("--include-hidden-topics", action="store_true", help="Consider hidden topics as well")
    parser.add_argument("-v", "--verbose", action="store_true", help="List full details about each topic")


def main(args: argparse.Namespace) -> None:
    """Print the topics."""
    with open_node(args) as node:
        found = topics(node, args.include_hidden_topics)
        if args.count_topics or not args.verbose:
            print_list(args, found, args.count_topics)
            return
        counts = {
            "publisher": [node.count_publishers(name) for name, _ in found],
            "subscriber": [node.count_subscribers(name) for name, _ in found],
        }
    for title, unit in (("Published", "publisher"), ("Subscribed", "subscriber")):
        print(f"{title} topics:")
        for (name, types), count in zip(found, counts[unit], strict=True):
            if count:
                print(f" * {name} [{', '.join(types)}] {count} {unit}{'s' if count > 1 else ''}")
        print()
