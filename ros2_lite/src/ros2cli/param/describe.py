"""ros2 param describe."""

from __future__ import annotations

import argparse
from typing import Any

from ros2cli.param._api import add_node_arguments, add_timeout_argument, open_client, type_name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_node_arguments(parser)
    parser.add_argument("parameter_names", nargs="+", help="Names of the parameters")
    add_timeout_argument(parser)


def main(args: argparse.Namespace) -> None:
    """Print what parameters are for and what they may be."""
    with open_client(args) as client:
        for descriptor in client.describe(args.parameter_names):
            _print(descriptor)


def _print(descriptor: Any) -> None:
    print("Parameter name:", descriptor.name)
    print("  Type:", type_name(descriptor.type))
    if descriptor.description:
        print("  Description:", descriptor.description)
    print("  Constraints:")
    if descriptor.read_only:
        print("    Read only: true")
    for bounds in [*descriptor.floating_point_range, *descriptor.integer_range][:1]:
        print("    Min value:", bounds.from_value)
        print("    Max value:", bounds.to_value)
        if bounds.step:
            print("    Step:", bounds.step)
    if descriptor.additional_constraints:
        print("    Additional constraints:", descriptor.additional_constraints)
