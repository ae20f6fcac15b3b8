"""Contexts and their arguments."""

import pytest
import rclpy
from example_interfaces.action import Fibonacci
from example_interfaces.srv import AddTwoInts
from rclpy.action import ActionClient, ActionServer
from rclpy.context import Context
from rclpy.exceptions import NotInitializedException
from rclpy.executors import MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.logging import LoggingSeverity, get_logger_effective_level
from rclpy.utilities import get_default_context
from std_msgs.msg import String

RCLError = rclpy_implementation.RCLError


def test_a_context_lives_from_init_to_shutdown():
    context = Context()
    assert not context.ok()
    calls = []
    context.on_shutdown(lambda: calls.append("first"))
    context.init(args=[])
    assert context.ok()
    context.on_shutdown(lambda: calls.append("second"))
    context.shutdown()
    assert not context.ok()
    assert calls == ["first", "second"]
    context.on_shutdown(lambda: calls.append("late"))
    assert calls[-1] == "late"
    context.try_shutdown()
    with pytest.raises(RuntimeError):
        context.shutdown()
    with pytest.raises(RuntimeError):
        context.init()


def test_a_context_is_a_context_manager():
    with Context() as context:
        assert context.ok()
        rclpy.create_node("node", context=context).destroy_node()
    assert not context.ok()


def test_the_default_context_is_made_anew():
    for _ in range(2):
        rclpy.init(args=[])
        assert rclpy.ok()
        assert get_default_context().ok()
        rclpy.shutdown()
        assert not rclpy.ok()
    rclpy.try_shutdown()
    with pytest.raises(RuntimeError):
        rclpy.shutdown()


def test_nodes_need_an_initialised_context():
    with pytest.raises(NotInitializedException):
        rclpy.create_node("node", context=Context())


def test_domain_ids(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "17")
    for given, expected in ((None, 17), (23, 23)):
        context = Context()
        context.init(args=[], domain_id=given)
        assert context.get_domain_id() == expected
        context.shutdown()
    with pytest.raises(RuntimeError):
        Context().init(args=[], domain_id=-1)
    with pytest.raises(RuntimeError):
        Context().get_domain_id()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--ros-args", "-r", "no_rule"],
        ["--ros-args", "-p", "no_rule"],
        ["--ros-args", "--remap"],
        ["--ros-args", "--nonsense"],
        ["--ros-args", "--params-file", "/does/not/exist"],
        ["--ros-args", "--log-level", "loud"],
    ],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(RuntimeError):
        Context().init(args=["program", *arguments])


def test_arguments_of_the_process_reach_its_nodes():
    context = Context()
    context.init(
        args=[
            "program",
            "--ros-args",
            "-r",
            "__node:=renamed",
            "-r",
            "__ns:=/ns",
            "-p",
            "a:=5",
            "--log-level",
            "ns.renamed:=error",
            "--",
            "--own",
        ]
    )
    node = rclpy.create_node("node", context=context)
    assert node.get_fully_qualified_name() == "/ns/renamed"
    assert node.declare_parameter("a", 1).value == 5
    assert get_logger_effective_level("ns.renamed") == LoggingSeverity.ERROR
    free = rclpy.create_node("free", context=context, use_global_arguments=False)
    assert free.get_fully_qualified_name() == "/free"
    assert free.declare_parameter("a", 1).value == 1
    node.destroy_node()
    free.destroy_node()
    context.shutdown()


def test_an_ended_context_refuses_with_rclerror(ros):
    """What a node meets whose context ends, by Ctrl-C say, before it spins: catch RCLError (a RuntimeError) there."""
    node = ros.node()
    publisher = node.create_publisher(String, "a", 1)
    client = node.create_client(AddTwoInts, "add")
    ros.context.try_shutdown()
    for refused in (
        lambda: node.create_publisher(String, "b", 1),
        lambda: node.create_subscription(String, "b", print, 1),
        lambda: node.create_service(AddTwoInts, "b", print),
        lambda: node.create_client(AddTwoInts, "b"),
        lambda: node.create_timer(1.0, print),
        lambda: node.create_guard_condition(print),
        lambda: node.create_rate(1.0),
        lambda: node.declare_parameter("p", 1),
        lambda: publisher.publish(String()),
        lambda: publisher.get_subscription_count(),
        lambda: client.service_is_ready(),
        lambda: client.wait_for_service(0.1),
        lambda: node.count_publishers("a"),
        lambda: node.get_topic_names_and_types(),
        lambda: SingleThreadedExecutor(context=ros.context),
        lambda: MultiThreadedExecutor(2, context=ros.context),
        lambda: ros.executor.spin_once(timeout_sec=0.1),
        lambda: ros.executor.spin_once(),
    ):
        with pytest.raises(RCLError):
            refused()
    for action in (ActionServer, ActionClient):
        with pytest.raises(ValueError):
            action(node, Fibonacci, "count", *([print] if action is ActionServer else []))
    with pytest.raises(NotInitializedException):
        rclpy.create_node("late", context=ros.context)
    ros.executor.spin()  # ends at once
    node.get_logger().info("still logs")


def test_a_global_executor_of_an_ended_context_refuses():
    rclpy.init(args=[])
    node = rclpy.create_node("node")
    get_default_context().try_shutdown()
    with pytest.raises(RCLError):
        rclpy.spin(node)
    with pytest.raises(RCLError):
        rclpy.spin_once(node, timeout_sec=0.1)
    node.destroy_node()
    rclpy.try_shutdown()
