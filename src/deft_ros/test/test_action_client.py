"""Goals sent from one thread while an executor spins in others: every one is answered."""

import contextlib
import sys
import threading

import pytest
import rclpy
from example_interfaces.action import Fibonacci
from rclpy.action import ActionClient, ActionServer
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor

from deft_ros.action_client import ThreadedActionClient
from deft_ros.spinning import Spinner

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
def context(ros_environment):
    context = rclpy.Context()
    rclpy.init(context=context)
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
    spinner = Spinner(executor, context=context)
    spinner.start()
    try:
        assert client.wait_for_server(timeout_sec=PATIENCE_S)
        for order in range(GOALS):
            handle = answer(client.send_goal_async(Fibonacci.Goal(order=order)), f"goal {order}")
            assert handle.accepted
            assert answer(client.result_of(handle), f"result {order}").result.sequence[2] == order
        assert answer(client.cancel(handle), "the cancel request") is not None
    finally:
        spinner.end()
        client.destroy()
        server.destroy()
        node.destroy_node()
    assert not spinner.is_alive() and spinner.error is None


def test_an_answer_waits_until_the_note_is_made(context, monkeypatch):
    """The executor has an answer while the request is still being sent: it is not handed on before that is over."""
    handed_on = threading.Event()

    async def take(self, taken_data):
        handed_on.set()

    monkeypatch.setattr(ActionClient, "execute", take, raising=False)
    node = rclpy.create_node("early", context=context)
    client = ThreadedActionClient(node, Fibonacci, "count")

    def hand_on():
        with contextlib.suppress(StopIteration):
            client.execute({}).send(None)

    early = threading.Thread(target=hand_on)
    try:
        with client._noting:
            early.start()
            assert not handed_on.wait(0.2)
        assert handed_on.wait(PATIENCE_S)
    finally:
        early.join(timeout=PATIENCE_S)
        client.destroy()
        node.destroy_node()
