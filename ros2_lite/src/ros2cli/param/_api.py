"""What several parameter commands share."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from ros2cli._names import absolute, node_names
from ros2cli._node import add_strategy_arguments, open_node, spin_until

_SERVICE_TIMEOUT_S = 5.0

TYPE_NAMES = {
    "PARAMETER_BOOL": "boolean",
    "PARAMETER_INTEGER": "integer",
    "PARAMETER_DOUBLE": "double",
    "PARAMETER_STRING": "string",
    "PARAMETER_BYTE_ARRAY": "byte array",
    "PARAMETER_BOOL_ARRAY": "boolean array",
    "PARAMETER_INTEGER_ARRAY": "integer array",
    "PARAMETER_DOUBLE_ARRAY": "double array",
    "PARAMETER_STRING_ARRAY": "string array",
    "PARAMETER_NOT_SET": "not set",
}


class NodeNotFoundError(RuntimeError):
    """Raised when the node is not in the graph."""


def add_node_arguments(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """Declare the node."""
    add_strategy_arguments(parser)
    parser.add_argument("node_name", nargs="?" if optional else None, help="Name of the ROS node")
    parser.add_argument("--include-hidden-nodes", action="store_true", help="Consider hidden nodes as well")


def add_timeout_argument(parser: argparse.ArgumentParser) -> None:
    """Declare how long to wait for the node."""
    parser.add_argument(
        "--timeout",
        metavar="N",
        type=int,
        default=1,
        help="Wait for N seconds until node becomes available (default %(default)s sec)",
    )


@contextlib.contextmanager
def open_client(args: argparse.Namespace) -> Iterator[Any]:
    """Make a client of a node's parameters.

    Raises:
        NodeNotFoundError: the node does not turn up in time.
    """
    wanted = absolute(args.node_name)

    def present(node: Any) -> bool:
        return any(name.full_name == wanted for name in node_names(node, args.include_hidden_nodes))

    with open_node(args, until=present) as node:
        if not spin_until(node, lambda: present(node), args.timeout):
            raise NodeNotFoundError("Node not found")
        client = make_client(node, wanted)
        if client is None:
            raise RuntimeError(f"Wait for service timed out waiting for parameter services for node {args.node_name}")
        yield client


class Client:
    """Calls the parameter services of a node and waits for the answers."""

    def __init__(self, node: Any, name: str) -> None:
        from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters

        self._node = node
        self.name = name
        self._services = {
            "list_parameters": ListParameters,
            "get_parameters": GetParameters,
            "describe_parameters": DescribeParameters,
            "set_parameters": SetParameters,
        }
        self._clients = {key: node.create_client(cls, f"{name}/{key}") for key, cls in self._services.items()}

    def is_ready(self) -> bool:
        """Return whether the node answers."""
        return all(client.service_is_ready() for client in self._clients.values())

    def _call(self, service: str, **fields: Any) -> Any:
        import rclpy

        future = self._clients[service].call_async(self._services[service].Request(**fields))
        rclpy.spin_until_future_complete(self._node, future)
        if future.result() is None:
            raise RuntimeError(f"Exception while calling service of node {self.name}: {future.exception()}")
        return future.result()

    def names(self, prefixes: list[str] | None = None) -> list[str]:
        """Return the names of the parameters, sorted."""
        return sorted(self._call("list_parameters", prefixes=prefixes or []).result.names)

    def get(self, names: list[str]) -> list[Any]:
        """Return the values of parameters."""
        return list(self._call("get_parameters", names=names).values)

    def describe(self, names: list[str]) -> list[Any]:
        """Return the descriptors of parameters."""
        return list(self._call("describe_parameters", names=names).descriptors)

    def set(self, parameters: list[Any]) -> list[Any]:
        """Set parameters and return the results."""
        return list(self._call("set_parameters", parameters=parameters).results)


def make_client(node: Any, name: str) -> Client | None:
    """Return a client of a node's parameters, or None if it has no parameter services."""
    client = Client(node, name)
    return client if spin_until(node, client.is_ready, _SERVICE_TIMEOUT_S) else None


def type_name(parameter_type: int) -> str:
    """Return the name of a parameter's type."""
    from rcl_interfaces.msg import ParameterType

    return {getattr(ParameterType, key): name for key, name in TYPE_NAMES.items()}[parameter_type]


def report(result: Any, success: str, failure: str) -> None:
    """Print whether a change was accepted, and why not."""
    reason = f": {result.reason}" if result.reason else ""
    if result.successful:
        print(f"{success}{reason}")
    else:
        print(f"{failure}{reason}", file=sys.stderr)
