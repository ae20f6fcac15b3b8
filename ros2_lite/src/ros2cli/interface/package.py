"""ros2 interface package."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-m", "--only-msgs", action="store_true", help="Print out only the message types")
    parser.add_argument("-s", "--only-srvs", action="store_true", help="Print out only the service types")
    parser.add_argument("-a", "--only-actions", action="store_true", help="Print out only the action types")
    parser.add_argument("package_name", help="Name of the ROS package (e.g. 'example_interfaces')")


def main(args: argparse.Namespace) -> str | None:
    """Print the interfaces of a package."""
    from rosidl_runtime_py import get_interfaces

    try:
        names = get_interfaces([args.package_name]).get(args.package_name, [])
    except LookupError as error:
        return str(error)
    kinds = [
        kind
        for kind, wanted in (("msg", args.only_msgs), ("srv", args.only_srvs), ("action", args.only_actions))
        if wanted
    ]
    for name in names:
        if not kinds or name.split("/")[0] in kinds:
            print(f"{args.package_name}/{name}")
    return None
