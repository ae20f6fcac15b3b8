"""ros2 bag record."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os

from ros2cli._node import NODE_NAME_PREFIX
from ros2cli.bag._api import error, read_qos_overrides, service_event_topics

_LISTS = (
    ("--services", "ServiceName", "Space-delimited list of services to record."),
    ("--topic-types", "TopicType", "Space-delimited list of topic types to record."),
    (
        "--exclude-topic-types",
        "ExcludeTopicTypes",
        "Space-delimited list of topic types not being recorded. Works on top of --all, --all-topics, --topics or "
        "--regex.",
    ),
    (
        "--exclude-topics",
        "Topic",
        "Space-delimited list of topics not being recorded. Works on top of --all, --all-topics, --topics or --regex.",
    ),
    (
        "--exclude-services",
        "ServiceName",
        "Space-delimited list of services not being recorded. Works on top of --all, --all-services, --services or "
        "--regex.",
    ),
)
_FLAGS = (
    ("--all-topics", "Record all topics (Exclude hidden topic)."),
    ("--all-services", "Record all services via service event topics."),
    (
        "--include-unpublished-topics",
        "Discover and record topics which have no publisher. Subscriptions on such topics will be made with default "
        "QoS unless otherwise specified in a QoS overrides file.",
    ),
    (
        "--include-hidden-topics",
        "Discover and record hidden topics as well. These are topics used internally by ROS 2 implementation.",
    ),
    (
        "--no-discovery",
        "Disables topic auto discovery during recording: only topics present at startup will be recorded.",
    ),
    ("--ignore-leaf-topics", "Ignore topics without a subscription."),
    ("--disable-keyboard-controls", "disables keyboard controls for recorder"),
    ("--start-paused", "Start the recorder in a paused state."),
    (
        "--use-sim-time",
        "Use simulation time for message timestamps by subscribing to the /clock topic. Until first /clock message is "
        "received, no messages will be written to bag.",
    ),
    ("--snapshot-mode", "Enable snapshot mode."),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from rosbag2_py import get_default_storage_id, get_registered_writers

    parser.add_argument(
        "-o",
        "--output",
        help="Destination of the bagfile to create, defaults to a timestamped folder in the current directory.",
    )
    parser.add_argument(
        "-s",
        "--storage",
        default=get_default_storage_id(),
        choices=sorted(get_registered_writers()),
        help="Storage identifier to be used, defaults to '%(default)s'.",
    )
    topics = parser.add_mutually_exclusive_group()
    topics.add_argument(
        "topics_positional",
        default=[],
        metavar="[Topic ...]",
        nargs="*",
        help="Space-delimited list of topics to record. (deprecated)",
    )
    topics.add_argument(
        "--topics", default=[], metavar="Topic", nargs="+", help="Space-delimited list of topics to record."
    )
    parser.add_argument(
        "-a", "--all", action="store_true", help="Record all topics and services (Exclude hidden topic)."
    )
    for name, metavar, text in _LISTS:
        parser.add_argument(name, default=[], metavar=metavar, nargs="+", help=text)
    for name, text in _FLAGS:
        parser.add_argument(name, action="store_true", help=text)
    parser.add_argument(
        "-e",
        "--regex",
        default="",
        help="Record only topics and services containing provided regular expression. Note:  --all, --all-topics or "
        "--all-services will override --regex.",
    )
    parser.add_argument(
        "--exclude-regex",
        default="",
        help="Exclude topics and services containing provided regular expression. Works on top of --all, --all-topics, "
        "--all-services, --topics, --services or --regex.",
    )
    _add_storage_arguments(parser)
    parser.add_argument(
        "--node-name",
        default="rosbag2_recorder",
        help="Specify the recorder node name. Default is %(default)s.",
    )
    parser.add_argument(
        "--log-level",
        default="info",
        choices=["debug", "info", "warn", "error", "fatal"],
        help="Logging level.",
    )


def _add_storage_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p",
        "--polling-interval",
        type=int,
        default=100,
        help="Time in ms to wait between querying available topics for recording. It has no effect if --no-discovery "
        "is enabled.",
    )
    parser.add_argument(
        "--qos-profile-overrides-path",
        type=argparse.FileType("r"),
        help="Path to a yaml file defining overrides of the QoS profile for specific topics.",
    )
    parser.add_argument(
        "-f",
        "--serialization-format",
        default="",
        choices=["", "cdr"],
        help="The rmw serialization format in which the messages are saved, defaults to the rmw currently in use.",
    )
    parser.add_argument(
        "-b",
        "--max-bag-size",
        type=int,
        default=0,
        help="Maximum size in bytes before the bagfile will be split. Default: %(default)d, recording written in "
        "single bagfile and splitting is disabled.",
    )
    parser.add_argument(
        "-d",
        "--max-bag-duration",
        type=int,
        default=0,
        help="Maximum duration in seconds before the bagfile will be split. Default: %(default)d, recording written in "
        "single bagfile and splitting is disabled. If both splitting by size and duration are enabled, the bag will "
        "split at whichever threshold is reached first.",
    )
    parser.add_argument(
        "--max-cache-size",
        type=int,
        default=100 * 1024 * 1024,
        help="Maximum size (in bytes) of messages to hold in each buffer of cache. Default: %(default)d.",
    )
    parser.add_argument(
        "--custom-data",
        metavar="KEY=VALUE",
        nargs="*",
        default=[],
        help="Space-delimited list of key=value pairs. Store the custom data in metadata under the "
        '"rosbag2_bagfile_information/custom_data".',
    )
    parser.add_argument(
        "--storage-preset-profile",
        default="none",
        help="Select a preset configuration for the storage plugin.",
    )
    parser.add_argument(
        "--storage-config-file",
        type=argparse.FileType("r"),
        help="Path to a yaml file defining storage specific configurations.",
    )


def check(args: argparse.Namespace, uri: str) -> str | None:
    """Return what is wrong with the arguments, if anything."""
    everything = args.all or args.all_topics
    if not (everything or args.all_services or args.services or args.topics or args.topic_types or args.regex):
        return (
            "Need to specify at least one option out of --all, --all-topics, --all-services, --services, --topics, "
            "--topic-types or --regex"
        )
    if args.exclude_regex and not (everything or args.topic_types or args.all_services or args.regex):
        return "--exclude-regex argument requires either --all, --all-topics, --topic-types, --all-services or --regex"
    if args.exclude_topics and not (everything or args.topic_types or args.regex):
        return "--exclude-topics argument requires either --all, --all-topics, --topic-types or --regex"
    if args.exclude_topic_types and not (everything or args.topic_types or args.regex):
        return "--exclude-topic-types argument requires either --all, --all-topics or --regex"
    if args.exclude_services and not (args.all or args.all_services or args.regex):
        return "--exclude-services argument requires either --all, --all-services or --regex"
    if os.path.isdir(uri):
        return f"Output folder '{uri}' already exists."
    if args.use_sim_time and args.no_discovery:
        return (
            "--use-sim-time and --no-discovery both set, but are incompatible settings. The /clock topic needs to be "
            "discovered to record with sim time."
        )
    return None


def main(args: argparse.Namespace) -> str | None:
    """Record topics until interrupted."""
    from rosbag2_py import Recorder, RecordOptions, StorageOptions

    uri = args.output or datetime.datetime.now().strftime("rosbag2_%Y_%m_%d-%H_%M_%S")
    args.topics = args.topics or args.topics_positional
    problem = check(args, uri)
    if problem is not None:
        return error(problem)
    options = RecordOptions()
    try:
        options.topic_qos_profile_overrides = read_qos_overrides(args.qos_profile_overrides_path)
    except ValueError as wrong:
        return error(str(wrong))
    options.all_topics = args.all_topics or args.all
    options.all_services = args.all_services or args.all
    options.is_discovery_disabled = args.no_discovery
    options.topics = args.topics
    options.topic_types = args.topic_types
    options.services = service_event_topics(args.services)
    options.exclude_topic_types = args.exclude_topic_types
    options.rmw_serialization_format = args.serialization_format or "cdr"
    options.topic_polling_interval = datetime.timedelta(milliseconds=args.polling_interval)
    options.regex = args.regex
    options.exclude_regex = args.exclude_regex
    options.exclude_topics = args.exclude_topics
    options.exclude_service_events = service_event_topics(args.exclude_services)
    options.node_prefix = NODE_NAME_PREFIX
    options.include_hidden_topics = args.include_hidden_topics
    options.include_unpublished_topics = args.include_unpublished_topics
    options.start_paused = args.start_paused
    options.ignore_leaf_topics = args.ignore_leaf_topics
    options.use_sim_time = args.use_sim_time
    options.disable_keyboard_controls = args.disable_keyboard_controls
    storage = StorageOptions(
        uri=uri,
        storage_id=args.storage,
        max_bagfile_size=args.max_bag_size,
        max_bagfile_duration=args.max_bag_duration,
        max_cache_size=args.max_cache_size,
        storage_preset_profile=args.storage_preset_profile,
        storage_config_uri=args.storage_config_file.name if args.storage_config_file else "",
        snapshot_mode=args.snapshot_mode,
        custom_data=dict(pair.split("=", 1) for pair in args.custom_data),
    )
    with contextlib.suppress(KeyboardInterrupt):
        Recorder(args.log_level).record(storage, options, args.node_name)
    if os.path.isdir(uri) and not os.listdir(uri):
        os.rmdir(uri)
    return None
