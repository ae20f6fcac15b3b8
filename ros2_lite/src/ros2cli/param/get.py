"""ros2 param get."""

from __future__ import annotations

import argparse

from ros2cli.param._api import add_node_arguments, add_timeout_argument, open_client

_LABELS = {
    "BOOL": "Boolean value is:",
    "INTEGER": "Integer value is:",
    "DOUBLE": "Double value is:",
    "STRING": "String value is:",
    "BYTE_ARRAY": "Byte values are:",
    "BOOL_ARRAY": "Boolean values are:",
    "INTEGER_ARRAY": "Integer values are:",
    "DOUBLE_ARRAY": "Double values are:",
    "STRING_ARRAY": "String values are:",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_node_arguments(parser)
    parser.add_argument("parameter_name", help="Name of the parameter")
    parser.add_argument("--hide-type", action="store_true", help="Hide the type information")
    add_timeout_argument(parser)


def main(args: argparse.Namespace) -> str | None:
    """Print the value of a parameter."""
    from rcl_interfaces.msg import ParameterType

    with open_client(args) as client:
        values = client.get([args.parameter_name])
    if not values:
        return "Parameter not set"
    kind = next((k for k in _LABELS if getattr(ParameterType, f"PARAMETER_{k}") == values[0].type), None)
    if kind is None:
        if values[0].type != ParameterType.PARAMETER_NOT_SET:
            return f"Unknown parameter type '{values[0].type}'"
        print(None if args.hide_type else "Parameter not set.")
        return None
    value = getattr(values[0], f"{kind.lower()}_value")
    if hasattr(value, "tolist"):
        value = value.tolist()
    print(value) if args.hide_type else print(_LABELS[kind], value)
    return None
