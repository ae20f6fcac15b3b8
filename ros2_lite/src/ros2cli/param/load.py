"""ros2 param load."""

from __future__ import annotations

import argparse

from ros2cli.param._api import add_node_arguments, add_timeout_argument, open_client, report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_node_arguments(parser)
    parser.add_argument("parameter_file", help="Parameter file")
    parser.add_argument(
        "--no-use-wildcard",
        action="store_true",
        help="Do not load parameters in the '/**' namespace into the node",
    )
    add_timeout_argument(parser)


def main(args: argparse.Namespace) -> None:
    """Set the parameters of a file."""
    from rclpy.parameter import parameter_dict_from_yaml_file

    parameters = parameter_dict_from_yaml_file(args.parameter_file, not args.no_use_wildcard)
    with open_client(args) as client:
        results = client.set(list(parameters.values()))
    for name, result in zip(parameters, results, strict=True):
        report(result, f"Set parameter {name} successful", f"Set parameter {name} failed")
