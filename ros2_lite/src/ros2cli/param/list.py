"""ros2 param list."""

from __future__ import annotations

import argparse
import re
import sys

from ros2cli._names import absolute, node_names
from ros2cli._node import open_node
from ros2cli.param._api import add_node_arguments, make_client, type_name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_node_arguments(parser, optional=True)
    parser.add_argument(
        "--filter",
        help="Only parameters matching the regex expression will be showed. Supports `re` regex syntax.",
    )
    parser.add_argument(
        "--param-prefixes", nargs="+", default=[], help="Only list parameters with the provided prefixes"
    )
    parser.add_argument("--param-type", action="store_true", help="Print parameter types with parameter names")


def main(args: argparse.Namespace) -> str | None:
    """Print the parameters of a node, or of all."""
    pattern = None if args.filter is None else re.compile(args.filter)
    wanted = None if args.node_name is None else absolute(args.node_name)

    def found(node: object) -> list[str]:
        return sorted(
            name.full_name
            for name in node_names(node, args.include_hidden_nodes)
            if wanted is None or name.full_name == wanted
        )

    with open_node(args, until=None if wanted is None else (lambda node: bool(found(node)))) as node:
        names = found(node)
        if wanted is not None and not names:
            return "Node not found"
        for name in names:
            client = make_client(node, name)
            if client is None:
                print(f"Wait for service timed out waiting for parameter services for node {name}")
                continue
            try:
                parameters = client.names(args.param_prefixes)
                if pattern is not None:
                    parameters = [parameter for parameter in parameters if pattern.match(parameter)]
                types = {d.name: type_name(d.type) for d in client.describe(parameters)} if args.param_type else {}
            except RuntimeError as error:
                print(error, file=sys.stderr)
                continue
            if wanted is None and parameters:
                print(f"{name}:")
            for parameter in parameters:
                print(f"  {parameter} (type: {types[parameter]})" if args.param_type else f"  {parameter}")
    return None
