"""ros2 interface packages."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("-m", "--only-msgs", action="count", help="Only list packages that generate messages")
    parser.add_argument("-s", "--only-srvs", action="count", help="Only list packages that generate services")
    parser.add_argument("-a", "--only-actions", action="count", help="Only list packages that generate actions")


def main(args: argparse.Namespace) -> None:
    """Print the packages that have interfaces."""
    import rosidl_runtime_py as runtime

    if args.only_msgs:
        packages = list(runtime.get_message_interfaces())
    elif args.only_srvs:
        packages = list(runtime.get_service_interfaces())
    elif args.only_actions:
        packages = list(runtime.get_action_interfaces())
    else:
        packages = list(runtime.get_interface_packages())
    for name in sorted(packages):
        print(name)
