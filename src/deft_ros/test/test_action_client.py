"""Goals sent from one thread while an executor spins in others: every one is answered."""

import os
import sys
import threading

import pytest
import rclpy
from example_interfaces.action import Fibonacci
from rclpy.action import ActionServer
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor

from deft_ros.action_client import ThreadedActionClient

pytestmark = pytest.mark.graph
GOALS = 60
PATIENCE_S = 30.0


@pytest.fixture
def hasty():
    """Threads that take turns as often as they may, so that an answer overtakes the note about it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def context(monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    context = rclpy.Context()
    rclpy.init(context=context, domain_id=40 + os.getpid() % 60)
    yield context
    rclpy.shutdown(context=context)


def answer(future, what):
    came = threading.Event()
    future.add_done_callback(lambda _: came.set())
    assert came.wait(PATIENCE_S), f"{what} was never answered"
    return future.result()


def test_every_goal_is_answered(context, hasty):
    node = rclpy.create_node("hasty", context=context)
    group = ReentrantCallbackGroup()

    def carry_out(handle):
        handle.succeed()
        return Fibonacci.Result(sequence=[0, 1, handle.request.order])

    server = ActionServer(node, Fibonacci, "count", carry_out, callback_group=group)
    client = ThreadedActionClient(node, Fibonacci, "count", callback_group=group)
    executor = MultiThreadedExecutor(num_threads=3, context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    try:
        assert client.wait_for_server(timeout_sec=PATIENCE_S)
        for order in range(GOALS):
            handle = answer(client.send_goal_async(Fibonacci.Goal(order=order)), f"goal {order}")
            assert handle.accepted
            assert answer(client.result_of(handle), f"result {order}").result.sequence[2] == order
        assert answer(client.cancel(handle), "the cancel request") is not None
    finally:
        executor.shutdown()
        spinning.join(timeout=PATIENCE_S)
        client.destroy()
        server.destroy()
        node.destroy_node()
    assert not spinning.is_alive()
