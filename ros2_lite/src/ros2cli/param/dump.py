"""ros2 param dump."""

from __future__ import annotations

import argparse
from typing import Any

from ros2cli._names import absolute
from ros2cli.param._api import add_node_arguments, add_timeout_argument, open_client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_node_arguments(parser)
    add_timeout_argument(parser)


def main(args: argparse.Namespace) -> None:
    """Print a node's parameters as a parameter file."""
    import yaml
    from rclpy.parameter import parameter_value_to_python

    with open_client(args) as client:
        names = client.names()
        values = client.get(names)
    parameters: dict[str, Any] = {}
    for name, value in zip(names, values, strict=True):
        *path, last = name.split(".")
        branch = parameters
        for part in path:
            branch = branch.setdefault(part, {})
        branch[last] = _plain(parameter_value_to_python(value))
    print(yaml.dump({absolute(args.node_name): {"ros__parameters": parameters}}, default_flow_style=False))


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
