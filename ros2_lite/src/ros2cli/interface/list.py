"""ros2 interface list."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-m", "--only-msgs", action="store_true", help="Print out only the message types")
    parser.add_argument("-s", "--only-srvs", action="store_true", help="Print out only the service types")
    parser.add_argument("-a", "--only-actions", action="store_true", help="Print out only the action types")


def main(args: argparse.Namespace) -> None:
    """Print all interfaces."""
    from rosidl_runtime_py import get_action_interfaces, get_message_interfaces, get_service_interfaces

    kinds = [
        ("Messages", args.only_msgs, get_message_interfaces),
        ("Services", args.only_srvs, get_service_interfaces),
        ("Actions", args.only_actions, get_action_interfaces),
    ]
    everything = not any(wanted for _, wanted, _ in kinds)
    for title, wanted, get in kinds:
        if not wanted and not everything:
            continue
        print(f"{title}:")
        for package, names in sorted(get().items()):
            for name in sorted(names):
                print(f"    {package}/{name}")
