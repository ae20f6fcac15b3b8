"""The parts of action servers and clients that may be replaced or asked for."""

import threading

import pytest
from action_msgs.msg import GoalStatus
from example_interfaces.action import Fibonacci
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.action.client import ClientGoalHandle
from rclpy.action.server import (
    GoalEvent,
    RCLError,
    ServerGoalHandle,
    default_cancel_callback,
    default_goal_callback,
    default_handle_accepted_callback,
)


def succeed(goal):
    goal.succeed()
    return Fibonacci.Result(sequence=[7])


@pytest.fixture
def parts(ros):
    """A server and a client, both spun by the test's executor."""
    server = ActionServer(ros.node("server"), Fibonacci, "fibonacci", succeed)
    client = ActionClient(ros.node("client"), Fibonacci, "fibonacci")
    assert client.wait_for_server(10.0)
    yield server, client
    client.destroy()
    server.destroy()


def run(ros, client):
    handle = ros.wait(client.send_goal_async(Fibonacci.Goal(order=1)))
    return handle, ros.wait(handle.get_result_async()) if handle.accepted else None


def test_defaults_accept_execute_and_refuse_to_cancel(ros, parts):
    assert default_goal_callback(None) == GoalResponse.ACCEPT
    assert default_cancel_callback(None) == CancelResponse.REJECT
    started = []

    class Handle:
        def execute(self):
            started.append(self)

    default_handle_accepted_callback(Handle())
    assert len(started) == 1
    handle, result = run(ros, parts[1])
    assert isinstance(handle, ClientGoalHandle)
    assert result.result.sequence[0] == 7


def test_callbacks_may_be_replaced(ros, parts):
    server, client = parts
    assert server.action_type is Fibonacci
    seen = []

    def execute(goal):
        seen.append(isinstance(goal, ServerGoalHandle))
        goal.abort()
        return Fibonacci.Result(sequence=[8])

    server.register_execute_callback(execute)
    assert run(ros, client)[1].status == GoalStatus.STATUS_ABORTED
    assert seen == [True]
    server.register_goal_callback(lambda goal: GoalResponse.REJECT)
    assert not run(ros, client)[0].accepted
    server.register_goal_callback(None)
    server.register_handle_accepted_callback(lambda goal: (seen.append("accepted"), goal.execute()))
    server.register_cancel_callback(lambda goal: CancelResponse.ACCEPT)
    assert run(ros, client)[1].result.sequence[0] == 8
    assert seen == [True, "accepted", True]
    with pytest.raises(TypeError):
        server.register_execute_callback("no function")


def test_a_result_may_be_waited_for_while_another_thread_spins(ros, parts):
    handle = ros.wait(parts[1].send_goal_async(Fibonacci.Goal(order=1)))
    thread = threading.Thread(target=ros.executor.spin, daemon=True)
    thread.start()
    try:
        assert handle.get_result().result.sequence[0] == 7
    finally:
        ros.executor.shutdown()
        thread.join(10)


def test_the_events_of_the_goal_machine():
    events = [GoalEvent.EXECUTE, GoalEvent.CANCEL_GOAL, GoalEvent.SUCCEED, GoalEvent.ABORT, GoalEvent.CANCELED]
    assert [event.name for event in events] == ["EXECUTE", "CANCEL_GOAL", "SUCCEED", "ABORT", "CANCELED"]
    assert issubclass(RCLError, RuntimeError)


def test_a_waitable_counts_its_entities(parts):
    server, client = (part.get_num_entities() for part in parts)
    assert (server.num_services, server.num_clients) == (3, 0)
    assert (client.num_clients, client.num_subscriptions) == (3, 2)
    assert (server.num_guard_conditions, server.num_events) == (0, 0)
