"""ros2 param set."""

from __future__ import annotations

import argparse

from ros2cli.param._api import add_node_arguments, add_timeout_argument, open_client, report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_node_arguments(parser)
    parser.add_argument("parameter_name", help="Name of the parameter")
    parser.add_argument("value", help="Value of the parameter")
    add_timeout_argument(parser)


def main(args: argparse.Namespace) -> None:
    """Set a parameter."""
    from rcl_interfaces.msg import Parameter
    from rclpy.parameter import get_parameter_value

    parameter = Parameter(name=args.parameter_name, value=get_parameter_value(string_value=args.value))
    with open_client(args) as client:
        report(client.set([parameter])[0], "Set parameter successful", "Setting parameter failed")
