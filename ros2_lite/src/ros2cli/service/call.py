"""ros2 service call."""

from __future__ import annotations

import argparse
import time

from ros2cli._arguments import positive_float, read_yaml
from ros2cli._node import NODE_NAME_PREFIX, open_node, spin_for, spin_until


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("service_name", help="Name of the ROS service to call to (e.g. '/add_two_ints')")
    parser.add_argument("service_type", help="Type of the ROS service (e.g. 'std_srvs/srv/Empty')")
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "values",
        nargs="?",
        default="{}",
        help="Values to fill the service request with in YAML format (e.g. '{a: 1, b: 2}'), otherwise the service "
        "request will be published with default values",
    )
    group.add_argument("--stdin", action="store_true", help="Read values from standard input")
    parser.add_argument(
        "-r", "--rate", metavar="N", type=positive_float, help="Repeat the call at a specific rate in Hz"
    )


def main(args: argparse.Namespace) -> str | None:
    """Call a service, once or again and again."""
    import rclpy
    from rosidl_runtime_py import set_message_fields
    from rosidl_runtime_py.utilities import get_service

    try:
        cls = get_service(args.service_type)
    except (AttributeError, ModuleNotFoundError) as error:
        raise RuntimeError("The passed service type is invalid") from error
    except ValueError as error:
        raise RuntimeError("The passed type is not a service") from error
    request = cls.Request()
    try:
        set_message_fields(request, read_yaml(args, args.values))
    except Exception as error:
        return f"Failed to populate field: {error}"
    name = f"{NODE_NAME_PREFIX}_requester_{args.service_type.split('/')[0]}_{args.service_type.split('/')[-1]}"
    with open_node(name=name, until=lambda node: True) as node:
        client = node.create_client(cls, args.service_name)
        if not client.service_is_ready():
            print("waiting for service to become available...")
            spin_until(node, client.service_is_ready, None)
        while rclpy.ok():
            print(f"requester: making request: {request!r}\n")
            started = time.monotonic()
            future = client.call_async(request)
            rclpy.spin_until_future_complete(node, future)
            if future.result() is None:
                raise RuntimeError(f"Exception while calling service: {future.exception()!r}")
            print(f"response:\n{future.result()!r}\n")
            if args.rate is None:
                break
            spin_for(node, started + 1.0 / args.rate - time.monotonic())
    return None
