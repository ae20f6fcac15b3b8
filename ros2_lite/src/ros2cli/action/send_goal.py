"""ros2 action send_goal."""

from __future__ import annotations

import argparse
from typing import Any

from ros2cli._arguments import read_yaml
from ros2cli._node import NODE_NAME_PREFIX, open_node


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action_name", help="Name of the ROS action (e.g. '/fibonacci')")
    parser.add_argument("action_type", help="Type of the ROS action (e.g. 'example_interfaces/action/Fibonacci')")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("goal", nargs="?", default="{}", help="Goal request values in YAML format (e.g. '{order: 10}')")
    group.add_argument("--stdin", action="store_true", help="Read goal from standard input")
    parser.add_argument("-f", "--feedback", action="store_true", help="Echo feedback messages for the goal")


def main(args: argparse.Namespace) -> str | None:
    """Send a goal and print what becomes of it; Ctrl-C cancels it."""
    from rclpy.action import ActionClient
    from rclpy.signals import SignalHandlerOptions
    from rosidl_runtime_py import message_to_yaml, set_message_fields
    from rosidl_runtime_py.utilities import get_action

    try:
        cls = get_action(args.action_type)
    except (AttributeError, ModuleNotFoundError, ValueError) as error:
        raise RuntimeError("The passed action type is invalid") from error
    goal = cls.Goal()
    try:
        set_message_fields(goal, read_yaml(args, args.goal))
    except Exception as error:
        return f"Failed to populate message fields: {error!r}"
    name = f"{NODE_NAME_PREFIX}_send_goal_{args.action_type.replace('/', '_')}"
    # Ctrl-C must leave the node alive: it has a goal to cancel.
    options = SignalHandlerOptions.NO
    with open_node(name=name, until=lambda node: True, signal_handler_options=options) as node:
        client = ActionClient(node, cls, args.action_name)
        try:
            print("Waiting for an action server to become available...")
            client.wait_for_server()
            print(f"Sending goal:\n     {message_to_yaml(goal)}")
            _follow(node, client, goal, args.feedback)
        finally:
            client.destroy()
    return None


def _follow(node: Any, client: Any, goal: Any, show_feedback: bool) -> None:
    from rosidl_runtime_py import message_to_yaml

    def on_feedback(message: Any) -> None:
        print(f"Feedback:\n    {message_to_yaml(message.feedback)}")

    handle = _wait(node, client.send_goal_async(goal, on_feedback if show_feedback else None), "sending goal")
    if not handle.accepted:
        print("Goal was rejected.")
        return
    try:
        print(f"Goal accepted with ID: {bytes(handle.goal_id.uuid).hex()}\n")
        result = _wait(node, handle.get_result_async(), "getting result")
    except BaseException:
        _cancel(node, handle)
        raise
    print(f"Result:\n    {message_to_yaml(result.result)}")
    print(f"Goal finished with status: {_status_name(result.status)}")


def _wait(node: Any, future: Any, doing: str) -> Any:
    import rclpy

    rclpy.spin_until_future_complete(node, future)
    if future.result() is None:
        raise RuntimeError(f"Exception while {doing}: {future.exception()!r}")
    return future.result()


def _cancel(node: Any, handle: Any) -> None:
    print("Canceling goal...")
    response = _wait(node, handle.cancel_goal_async(), "canceling goal")
    if not response.goals_canceling:
        raise RuntimeError("Failed to cancel goal")
    if len(response.goals_canceling) > 1:
        raise RuntimeError("More than one goal canceled")
    if response.goals_canceling[0].goal_id != handle.goal_id:
        raise RuntimeError("Canceled goal with incorrect goal ID")
    print("Goal canceled.")


def _status_name(status: int) -> str:
    from action_msgs.msg import GoalStatus

    names = ("ACCEPTED", "EXECUTING", "CANCELING", "SUCCEEDED", "CANCELED", "ABORTED")
    return next((name for name in names if getattr(GoalStatus, f"STATUS_{name}") == status), "UNKNOWN")
