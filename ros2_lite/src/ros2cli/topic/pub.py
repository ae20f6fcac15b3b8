"""ros2 topic pub."""

from __future__ import annotations

import argparse
from typing import Any

from ros2cli._arguments import positive_float, read_yaml, unsigned_int
from ros2cli._node import add_direct_arguments, open_node, spin_for, spin_until
from ros2cli._qos import add_qos_arguments, profile_of
from ros2cli.topic._api import add_topic_argument, message_class

_REMIND_EVERY_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_topic_argument(parser, "publish to")
    parser.add_argument("message_type", help="Type of the ROS message (e.g. 'std_msgs/String')")
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "values",
        nargs="?",
        default="{}",
        help="Values to fill the message with in YAML format (e.g. 'data: Hello World'), otherwise the message will be "
        "published with default values",
    )
    group.add_argument("--stdin", action="store_true", help="Read values from standard input")
    parser.add_argument(
        "-r", "--rate", metavar="N", type=positive_float, default=1.0, help="Publishing rate in Hz (default: 1)"
    )
    parser.add_argument(
        "-p",
        "--print",
        metavar="N",
        type=int,
        default=1,
        help="Only print every N-th published message (default: 1)",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-1", "--once", action="store_true", help="Publish one message and exit")
    group.add_argument("-t", "--times", type=unsigned_int, default=0, help="Publish this number of times and then exit")
    parser.add_argument(
        "-w",
        "--wait-matching-subscriptions",
        type=unsigned_int,
        help="Wait until finding the specified number of matching subscriptions. Defaults to 1 when using "
        '"-1"/"--once"/"--times", otherwise defaults to 0.',
    )
    parser.add_argument(
        "--max-wait-time-secs",
        type=positive_float,
        help="This sets the maximum wait time in seconds if --wait-until-matching-subscriptions is set. By default, "
        "this flag is not set meaning the subscriber will wait endlessly.",
    )
    parser.add_argument(
        "--keep-alive",
        metavar="N",
        type=positive_float,
        default=0.1,
        help="Keep publishing node alive for N seconds after the last msg (default: 0.1)",
    )
    parser.add_argument("-n", "--node-name", help="Name of the created publishing node")
    add_qos_arguments(parser, "publish", "default")
    add_direct_arguments(parser)


def main(args: argparse.Namespace) -> str | None:
    """Publish a message."""
    from rosidl_runtime_py import set_message_fields

    times = 1 if args.once else args.times
    wanted = args.wait_matching_subscriptions
    if wanted is None:
        wanted = int(times != 0)
    if wanted == 0 and args.max_wait_time_secs is not None:
        return "--max-wait-time-secs option is only effective with --wait-matching-subscriptions, --once or --times"
    cls = message_class(args.message_type)
    values = read_yaml(args, args.values)
    if not isinstance(values, dict):
        return "The passed value needs to be a dictionary in YAML format"
    message = cls()
    try:
        stamps = set_message_fields(message, values, expand_header_auto=True, expand_time_now=True)
    except Exception as error:
        return f"Failed to populate field: {error}"
    with open_node(args, name=args.node_name, until=lambda node: True) as node:
        publisher = node.create_publisher(cls, args.topic_name, profile_of(args))
        problem = _wait_for_subscriptions(node, publisher, wanted, args.max_wait_time_secs)
        if problem is not None:
            return problem
        print("publisher: beginning loop")
        count = 0

        def publish() -> None:
            nonlocal count
            now = node.get_clock().now().to_msg()
            for set_stamp in stamps:
                set_stamp(now)
            count += 1
            if args.print and count % args.print == 0:
                print(f"publishing #{count}: {message!r}\n")
            publisher.publish(message)

        publish()
        if times != 1:
            timer = node.create_timer(1.0 / args.rate, publish)
            spin_until(node, lambda: 0 < times <= count, None)
            node.destroy_timer(timer)
        spin_for(node, args.keep_alive)
    return None


def _wait_for_subscriptions(node: Any, publisher: Any, wanted: int, limit_s: float | None) -> str | None:
    waited_s = 0.0
    while publisher.get_subscription_count() < wanted:
        print(f"Waiting for at least {wanted} matching subscription(s)...")
        pause_s = _REMIND_EVERY_S if limit_s is None else min(_REMIND_EVERY_S, limit_s - waited_s)
        if spin_until(node, lambda: publisher.get_subscription_count() >= wanted, pause_s):
            break
        waited_s += pause_s
        if limit_s is not None and waited_s >= limit_s:
            return (
                f"Timed out waiting for subscribers: Expected {wanted} subcribers but only got "
                f"{publisher.get_subscription_count()} subscribers"
            )
    return None
