"""ros2 topic echo."""

from __future__ import annotations

import argparse
from typing import Any

from ros2cli._arguments import compile_filter, positive_float, unsigned_int
from ros2cli._node import add_strategy_arguments, open_node
from ros2cli._qos import add_qos_arguments, profile_for_publishers
from ros2cli.topic._api import add_topic_argument, full_topic_name, message_class, topic_class, topic_is_known

DEFAULT_TRUNCATE_LENGTH = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_strategy_arguments(parser)
    add_topic_argument(parser, "listen to")
    parser.add_argument("message_type", nargs="?", help="Type of the ROS message (e.g. 'std_msgs/msg/String')")
    add_qos_arguments(parser, "subscribe", "sensor_data")
    parser.add_argument(
        "--csv",
        action="store_true",
        help="Output all recursive fields separated by commas (e.g. for plotting). If --include-message-info is also "
        "passed, the following fields are prepended: source_timestamp, received_timestamp, "
        "publication_sequence_number, reception_sequence_number.",
    )
    parser.add_argument(
        "--field",
        help="Echo a selected field of a message. Use '.' to select sub-fields. For example, to echo the position "
        "field of a nav_msgs/msg/Odometry message: 'ros2 topic echo /odom --field pose.pose.position'",
    )
    parser.add_argument(
        "--full-length",
        "-f",
        action="store_true",
        help="Output all elements for arrays, bytes, and string with a length > '--truncate-length', by default they "
        "are truncated after '--truncate-length' elements with '...''",
    )
    parser.add_argument(
        "--truncate-length",
        "-l",
        type=unsigned_int,
        default=DEFAULT_TRUNCATE_LENGTH,
        help=f"The length to truncate arrays, bytes, and string to (default: {DEFAULT_TRUNCATE_LENGTH})",
    )
    parser.add_argument("--no-arr", action="store_true", help="Don't print array fields of messages")
    parser.add_argument("--no-str", action="store_true", help="Don't print string fields of messages")
    parser.add_argument(
        "--flow-style",
        action="store_true",
        help="Print collections in the block style (not available with csv format)",
    )
    parser.add_argument("--no-lost-messages", action="store_true", help="Don't report when a message is lost")
    parser.add_argument("--raw", action="store_true", help="Echo the raw binary representation")
    parser.add_argument(
        "--filter",
        dest="filter_expr",
        help="Python expression to filter messages that are printed. Expression can use Python builtins as well as m "
        "(the message).",
    )
    parser.add_argument("--once", action="store_true", help="Print the first message received and then exit.")
    parser.add_argument("--timeout", metavar="N", type=positive_float, help="Set a timeout in seconds for waiting")
    parser.add_argument("--include-message-info", "-i", action="store_true", help="Shows the associated message info.")


class _Printer:
    """Prints messages as asked."""

    def __init__(self, args: argparse.Namespace, done: Any) -> None:
        self._args = args
        self._done = done
        self._filter = compile_filter(args.filter_expr)
        self._fields: list[str] = []
        if args.field is not None:
            self._fields = [part for part in args.field.split(".") if part]
            if not self._fields:
                raise RuntimeError(f"Invalid field value '{args.field}'")
        self._style = {
            "truncate_length": None if args.full_length else args.truncate_length,
            "no_arr": args.no_arr,
            "no_str": args.no_str,
        }

    def __call__(self, message: Any, info: Any) -> None:
        if self._args.once and self._done.done():
            return
        for field in self._fields:
            try:
                message = getattr(message, field)
            except AttributeError as error:
                raise RuntimeError(f"Invalid field '{'.'.join(self._fields)}': {error}") from error
        if self._filter is not None and not self._filter(message):
            return
        self._print(message, info)
        if self._args.once:
            self._done.set_result(True)

    def _print(self, message: Any, info: Any) -> None:
        from rosidl_runtime_py import message_to_csv, message_to_yaml

        show_info = self._args.include_message_info
        if not hasattr(message, "SLOT_TYPES"):
            if show_info:
                print(f"---Got new message, message info:---\n{info}\n---Message data:---")
            print(message, end="\n---\n")
        elif self._args.csv:
            values = [str(value) for value in info.values()] if show_info else []
            print(",".join([*values, message_to_csv(message, **self._style)]))
        else:
            if show_info:
                import yaml

                print(yaml.dump(info), end="---\n")
            print(message_to_yaml(message, flow_style=self._args.flow_style, **self._style), end="---\n")


def _report_loss(status: Any) -> None:
    print(
        f"A message was lost!!!\n\ttotal count change:{status.total_count_change}\n\ttotal count: {status.total_count}",
        end="---\n",
    )


def main(args: argparse.Namespace) -> None:
    """Print the messages of a topic."""
    import rclpy
    from rclpy.event_handler import SubscriptionEventCallbacks
    from rclpy.task import Future

    done = Future()
    printer = _Printer(args, done)

    def give_up() -> None:
        if not done.done():
            done.set_result(True)

    with open_node(args, until=topic_is_known(args.topic_name)) as node:
        publishers = node.get_publishers_info_by_topic(full_topic_name(node, args.topic_name))
        profile = profile_for_publishers(args, publishers)
        if args.message_type is None:
            cls = topic_class(node, args.topic_name)
        else:
            cls = message_class(args.message_type)
        if cls is None:
            raise RuntimeError("Could not determine the type for the passed topic")
        if args.timeout is not None:
            node.create_timer(args.timeout, give_up)
        events = None if args.no_lost_messages else SubscriptionEventCallbacks(message_lost=_report_loss)
        node.create_subscription(cls, args.topic_name, printer, profile, event_callbacks=events, raw=args.raw)
        rclpy.spin_until_future_complete(node, done)
