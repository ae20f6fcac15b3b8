"""ros2 param delete."""

from __future__ import annotations

import argparse

from ros2cli.param._api import add_node_arguments, add_timeout_argument, open_client, report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_node_arguments(parser)
    parser.add_argument("parameter_name", help="Name of the parameter")
    add_timeout_argument(parser)


def main(args: argparse.Namespace) -> None:
    """Delete a parameter."""
    from rcl_interfaces.msg import Parameter

    with open_client(args) as client:
        result = client.set([Parameter(name=args.parameter_name)])[0]
        report(result, "Deleted parameter successfully", "Deleting parameter failed")
