"""ros2 interface proto."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("type", help="Show an interface definition (e.g. 'example_interfaces/msg/String')")
    parser.add_argument("--no-quotes", action="store_true", help="if true output has no outer quotes.")


def main(args: argparse.Namespace) -> None:
    """Print an interface's default values, as they may be given to publish or call it."""
    from rosidl_runtime_py import message_to_yaml
    from rosidl_runtime_py.utilities import get_interface, is_action, is_service

    try:
        interface = get_interface(args.type)
    except (AttributeError, ModuleNotFoundError, ValueError) as error:
        raise RuntimeError(f"there is no interface '{args.type}': {error}") from error
    if is_action(interface):
        interface = interface.Goal
    elif is_service(interface):
        interface = interface.Request
    text = message_to_yaml(interface())
    print(text if args.no_quotes else f'"{text}"')
