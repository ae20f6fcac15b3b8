"""ros2 bag info."""

from __future__ import annotations

import argparse

from ros2cli.bag._api import add_reader_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_reader_arguments(parser)
    parser.add_argument("-t", "--topic-name", action="store_true", help="Only display topic names.")
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="Display request/response information for services",
    )


def _is_service_event(topic: str, type_name: str) -> bool:
    return topic.endswith("/_service_event") and "/srv/" in type_name and type_name.endswith("_Event")


def main(args: argparse.Namespace) -> None:
    """Print what is in a bag."""
    from rosbag2_py import Info

    if args.topic_name and args.verbose:
        print("Warning! You have set both the '-t' and '-v' parameters. The '-t' parameter will be ignored.")
    if args.verbose:
        Info().read_metadata_and_output_service_verbose(args.bag_path, args.storage)
        return
    metadata = Info().read_metadata(args.bag_path, args.storage)
    if not args.topic_name:
        print(metadata)
        return
    for information in metadata.topics_with_message_count:
        topic = information.topic_metadata
        if not _is_service_event(topic.name, topic.type):
            print(topic.name)
