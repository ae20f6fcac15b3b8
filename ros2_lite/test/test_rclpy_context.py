"""Contexts and their arguments."""

import pytest
import rclpy
from rclpy.context import Context
from rclpy.exceptions import NotInitializedException
from rclpy.logging import LoggingSeverity, get_logger_effective_level
from rclpy.utilities import get_default_context


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
