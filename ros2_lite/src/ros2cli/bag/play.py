"""ros2 bag play."""

from __future__ import annotations

import argparse
import contextlib

from ros2cli._arguments import positive_float
from ros2cli._node import NODE_NAME_PREFIX
from ros2cli.bag._api import (
    add_reader_arguments,
    error,
    not_negative_float,
    read_qos_overrides,
    service_event_topics,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_reader_arguments(parser)
    parser.add_argument(
        "--read-ahead-queue-size",
        type=int,
        default=1000,
        help="size of message queue rosbag tries to hold in memory to help deterministic playback. Larger size will "
        "result in larger memory needs but might prevent delay of message playback.",
    )
    parser.add_argument(
        "-r",
        "--rate",
        type=positive_float,
        default=1.0,
        help="rate at which to play back messages. Valid range > 0.0.",
    )
    parser.add_argument(
        "--topics", default=[], metavar="topic", nargs="+", help="Space-delimited list of topics to play."
    )
    parser.add_argument(
        "--services", default=[], metavar="service", nargs="+", help="Space-delimited list of services to play."
    )
    parser.add_argument(
        "-e", "--regex", default="", help="Play only topics and services matches with regular expression."
    )
    parser.add_argument(
        "-x",
        "--exclude-regex",
        default="",
        help="regular expressions to exclude topics and services from replay.",
    )
    parser.add_argument(
        "--exclude-topics",
        default=[],
        metavar="topic",
        nargs="+",
        help="Space-delimited list of topics not to play.",
    )
    parser.add_argument(
        "--exclude-services",
        default=[],
        metavar="service",
        nargs="+",
        help="Space-delimited list of services not to play.",
    )
    parser.add_argument(
        "--qos-profile-overrides-path",
        type=argparse.FileType("r"),
        help="Path to a yaml file defining overrides of the QoS profile for specific topics.",
    )
    parser.add_argument(
        "-l",
        "--loop",
        action="store_true",
        help="enables loop playback when playing a bagfile: it starts back at the beginning on reaching the end and "
        "plays indefinitely.",
    )
    parser.add_argument(
        "--remap",
        "-m",
        default="",
        nargs="+",
        help='list of topics to be remapped: in the form "old_topic1:=new_topic1 old_topic2:=new_topic2 etc." ',
    )
    parser.add_argument(
        "--storage-config-file",
        type=argparse.FileType("r"),
        help="Path to a yaml file defining storage specific configurations. See storage plugin documentation for the "
        "format of this file.",
    )
    _add_time_arguments(parser)
    parser.add_argument(
        "--disable-keyboard-controls", action="store_true", help="disables keyboard controls for playback"
    )
    parser.add_argument(
        "-p", "--start-paused", action="store_true", help="Start the playback player in a paused state."
    )
    parser.add_argument(
        "--wait-for-all-acked",
        type=int,
        default=-1,
        metavar="TIMEOUT",
        help="Wait until all published messages are acknowledged by all subscribers or until the timeout elapses in "
        "millisecond before play is terminated. Negative timeout is invalid. 0 means wait forever.",
    )
    parser.add_argument(
        "--log-level",
        default="info",
        choices=["debug", "info", "warn", "error", "fatal"],
        help="Logging level.",
    )


def _add_time_arguments(parser: argparse.ArgumentParser) -> None:
    clock = parser.add_mutually_exclusive_group()
    clock.add_argument(
        "--clock",
        type=positive_float,
        nargs="?",
        const=40,
        default=0,
        help="Publish to /clock at a specific frequency in Hz, to act as a ROS Time Source. Value must be positive. "
        "Defaults to not publishing. If specified, /clock topic in the bag file is excluded to publish.",
    )
    clock.add_argument(
        "--clock-topics",
        default=[],
        nargs="+",
        help="List of topics separated by spaces that will trigger a /clock update when a message is published on them",
    )
    clock.add_argument(
        "--clock-topics-all",
        action="store_true",
        help="Publishes an update on /clock immediately before each replayed message",
    )
    parser.add_argument(
        "-d",
        "--delay",
        type=positive_float,
        default=0.0,
        help="Sleep duration before play (each loop), in seconds. Negative durations invalid.",
    )
    parser.add_argument(
        "--playback-duration",
        type=float,
        default=-1.0,
        help="Playback duration, in seconds. Negative durations mark an infinite playback. Default is %(default)d.",
    )
    until = parser.add_mutually_exclusive_group()
    until.add_argument(
        "--playback-until-sec",
        type=float,
        default=-1.0,
        help="Playback until timestamp, expressed in seconds since epoch. A negative value disables this feature.",
    )
    until.add_argument(
        "--playback-until-nsec",
        type=int,
        default=-1,
        help="Playback until timestamp, expressed in nanoseconds since epoch. A negative value disables this feature.",
    )
    parser.add_argument(
        "--start-offset",
        type=not_negative_float,
        default=0.0,
        help="Start the playback player this many seconds into the bag file.",
    )


def main(args: argparse.Namespace) -> str | None:
    """Publish the messages of a bag."""
    from rosbag2_py import Player, PlayOptions, StorageOptions

    options = PlayOptions()
    try:
        options.topic_qos_profile_overrides = read_qos_overrides(args.qos_profile_overrides_path)
    except ValueError as problem:
        return error(str(problem))
    options.read_ahead_queue_size = args.read_ahead_queue_size
    options.node_prefix = NODE_NAME_PREFIX
    options.rate = args.rate
    options.topics_to_filter = args.topics
    options.services_to_filter = service_event_topics(args.services)
    options.regex_to_filter = args.regex
    options.exclude_regex_to_filter = args.exclude_regex
    options.exclude_topics_to_filter = [*args.exclude_topics, *(["/clock"] if args.clock > 0 else [])]
    options.exclude_service_events_to_filter = service_event_topics(args.exclude_services)
    options.loop = args.loop
    options.topic_remapping_options = ["--ros-args", *(word for rule in args.remap for word in ("--remap", rule))]
    options.clock_publish_frequency = args.clock
    options.clock_publish_on_topic_publish = args.clock_topics_all or bool(args.clock_topics)
    options.clock_topics = args.clock_topics
    options.delay = args.delay
    options.playback_duration = args.playback_duration
    until_ns = int(args.playback_until_sec * 1e9) if args.playback_until_sec >= 0 else args.playback_until_nsec
    options.playback_until_timestamp = max(-1, until_ns)
    options.disable_keyboard_controls = args.disable_keyboard_controls
    options.start_paused = args.start_paused
    options.start_offset = args.start_offset
    options.wait_acked_timeout = args.wait_for_all_acked
    storage = StorageOptions(
        uri=args.bag_path,
        storage_id=args.storage,
        storage_config_uri=args.storage_config_file.name if args.storage_config_file else "",
    )
    with contextlib.suppress(KeyboardInterrupt):
        Player(args.log_level).play(storage, options)
    return None
