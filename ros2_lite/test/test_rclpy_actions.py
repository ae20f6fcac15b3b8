"""Action clients and servers: every way through the goal machine."""

import threading

import pytest
from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from example_interfaces.action import Fibonacci
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor


def fibonacci(goal):
    """Compute the sequence, with feedback after each number."""
    feedback = Fibonacci.Feedback()
    feedback.sequence = [0, 1]
    for _ in range(1, goal.request.order):
        feedback.sequence.append(feedback.sequence[-1] + feedback.sequence[-2])
        goal.publish_feedback(feedback)
    goal.succeed()
    return Fibonacci.Result(sequence=feedback.sequence)


class Pair:
    """A server in a thread of its own, and a client on the test's executor."""

    def __init__(self, ros, execute=fibonacci, **options):
        self.ros = ros
        self.executor = MultiThreadedExecutor(4, context=ros.context)
        node = ros.node("server", executor=self.executor)
        self.server = ActionServer(
            node, Fibonacci, "fibonacci", execute, callback_group=ReentrantCallbackGroup(), **options
        )
        self.thread = threading.Thread(target=self.executor.spin)
        self.thread.start()
        self.client = ActionClient(ros.node("client"), Fibonacci, "fibonacci")
        assert self.client.wait_for_server(10.0)

    def send(self, order=5, **options):
        return self.ros.wait(self.client.send_goal_async(Fibonacci.Goal(order=order), **options))

    def result(self, handle):
        return self.ros.wait(handle.get_result_async())

    def close(self):
        self.executor.shutdown()
        self.thread.join(10)
        assert not self.thread.is_alive()
        self.client.destroy()
        self.server.destroy()


@pytest.fixture
def pair(ros):
    """Make pairs that are closed at the end."""
    pairs = []

    def make(*arguments, **options):
        pairs.append(Pair(ros, *arguments, **options))
        return pairs[-1]

    yield make
    for made in pairs:
        made.close()


class Gate:
    """An execute callback that waits until it is opened, or cancelled where `heeds` says so."""

    def __init__(self, end):
        self.end = end
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self, goal):
        self.begun.set()
        assert self.open.wait(10)
        return self.end(goal) or Fibonacci.Result(sequence=[7])


def test_a_goal_succeeds_with_feedback_and_result(ros, pair):
    feedback = []
    made = pair()
    handle = made.send(feedback_callback=lambda m: feedback.append((bytes(m.goal_id.uuid), list(m.feedback.sequence))))
    assert handle.accepted
    result = made.result(handle)
    assert result.status == GoalStatus.STATUS_SUCCEEDED
    assert list(result.result.sequence) == [0, 1, 1, 2, 3, 5]
    assert feedback[0] == (bytes(handle.goal_id.uuid), [0, 1, 1])
    ros.until(lambda: handle.status == GoalStatus.STATUS_SUCCEEDED)


def test_a_refused_goal_is_not_executed(pair):
    ran = []
    made = pair(ran.append, goal_callback=lambda goal: GoalResponse.REJECT)
    handle = made.send()
    assert not handle.accepted
    assert ran == []


def test_a_goal_callback_sees_the_goal(pair):
    made = pair(goal_callback=lambda goal: GoalResponse.ACCEPT if goal.order > 3 else GoalResponse.REJECT)
    assert not made.send(order=3).accepted
    assert made.send(order=4).accepted


def test_an_aborted_goal(pair):
    def abort(goal):
        goal.abort()
        return Fibonacci.Result(sequence=[9])

    made = pair(abort)
    result = made.result(made.send())
    assert result.status == GoalStatus.STATUS_ABORTED
    assert list(result.result.sequence) == [9]


def test_a_goal_that_sets_no_state_is_aborted(pair):
    made = pair(lambda goal: Fibonacci.Result())
    assert made.result(made.send()).status == GoalStatus.STATUS_ABORTED


def test_a_goal_whose_callback_raises_is_aborted(pair, capfd):
    def fail(goal):
        raise ValueError("in the callback")

    made = pair(fail)
    assert made.result(made.send()).status == GoalStatus.STATUS_ABORTED
    assert "in the callback" in capfd.readouterr().err


def test_a_cancelled_goal(ros, pair):
    def cancelled(goal):
        assert goal.is_cancel_requested
        goal.canceled()

    gate = Gate(cancelled)
    made = pair(gate, cancel_callback=lambda goal: CancelResponse.ACCEPT)
    handle = made.send()
    assert gate.begun.wait(10)
    response = ros.wait(handle.cancel_goal_async())
    assert [bytes(g.goal_id.uuid) for g in response.goals_canceling] == [bytes(handle.goal_id.uuid)]
    assert response.return_code == CancelGoal.Response.ERROR_NONE
    gate.open.set()
    result = made.result(handle)
    assert result.status == GoalStatus.STATUS_CANCELED
    assert list(result.result.sequence) == [7]


def test_a_cancel_that_the_server_refuses(ros, pair):
    gate = Gate(lambda goal: goal.succeed())
    made = pair(gate)  # refuses by default
    handle = made.send()
    assert gate.begun.wait(10)
    assert list(ros.wait(handle.cancel_goal_async()).goals_canceling) == []
    gate.open.set()
    assert made.result(handle).status == GoalStatus.STATUS_SUCCEEDED


def test_a_goal_being_cancelled_may_still_succeed(ros, pair):
    gate = Gate(lambda goal: goal.succeed())
    made = pair(gate, cancel_callback=lambda goal: CancelResponse.ACCEPT)
    handle = made.send()
    assert gate.begun.wait(10)
    assert len(ros.wait(handle.cancel_goal_async()).goals_canceling) == 1
    gate.open.set()
    assert made.result(handle).status == GoalStatus.STATUS_SUCCEEDED


def test_cancelling_an_ended_or_unknown_goal_gives_its_code(ros, pair):
    from unique_identifier_msgs.msg import UUID

    made = pair(cancel_callback=lambda goal: CancelResponse.ACCEPT)
    handle = made.send()
    made.result(handle)
    assert ros.wait(handle.cancel_goal_async()).return_code == CancelGoal.Response.ERROR_GOAL_TERMINATED
    direct = ros.node("direct").create_client(CancelGoal, "fibonacci/_action/cancel_goal")
    assert direct.wait_for_service(10.0)
    request = CancelGoal.Request()
    request.goal_info.goal_id = UUID(uuid=[1] * 16)
    assert ros.wait(direct.call_async(request)).return_code == CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID


def test_all_goals_can_be_cancelled_at_once(ros, pair):
    gate = Gate(lambda goal: goal.canceled())
    made = pair(gate, cancel_callback=lambda goal: CancelResponse.ACCEPT)
    handles = [made.send(), made.send()]
    direct = ros.node("direct").create_client(CancelGoal, "fibonacci/_action/cancel_goal")
    assert direct.wait_for_service(10.0)
    response = ros.wait(direct.call_async(CancelGoal.Request()))
    ids = {bytes(handle.goal_id.uuid) for handle in handles}
    assert {bytes(g.goal_id.uuid) for g in response.goals_canceling} == ids
    gate.open.set()
    assert {made.result(handle).status for handle in handles} == {GoalStatus.STATUS_CANCELED}


def test_a_deferred_goal_is_executed_later(ros, pair):
    accepted = []
    made = pair(handle_accepted_callback=accepted.append)
    handle = made.send()
    assert handle.accepted
    ros.until(lambda: accepted)
    assert accepted[0].status == GoalStatus.STATUS_ACCEPTED
    assert accepted[0].is_active
    accepted[0].execute()
    assert made.result(handle).status == GoalStatus.STATUS_SUCCEEDED


def test_a_coroutine_may_execute_a_goal(pair):
    async def execute(goal):
        return fibonacci(goal)

    made = pair(execute)
    assert list(made.result(made.send(order=3)).result.sequence) == [0, 1, 1, 2]


def test_impossible_transitions_are_refused(pair):
    errors = []

    def execute(goal):
        try:
            goal.canceled()
        except RuntimeError as error:
            errors.append(error)
        goal.succeed()
        return Fibonacci.Result()

    made = pair(execute)
    assert made.result(made.send()).status == GoalStatus.STATUS_SUCCEEDED
    assert len(errors) == 1


def test_a_result_can_be_asked_for_again_and_late(pair):
    made = pair()
    handle = made.send(order=3)
    assert made.result(handle) == made.result(handle)


def test_a_goal_id_is_accepted_once(pair):
    from unique_identifier_msgs.msg import UUID

    made = pair()
    uuid = UUID(uuid=list(range(16)))
    first = made.send(goal_uuid=uuid)
    assert first.accepted
    assert bytes(first.goal_id.uuid) == bytes(range(16))
    made.result(first)
    assert not made.send(goal_uuid=uuid).accepted


def test_blocking_calls_work_while_another_thread_spins(ros, pair):
    made = pair()
    spinning = threading.Thread(target=ros.executor.spin)
    spinning.start()
    try:
        result = made.client.send_goal(Fibonacci.Goal(order=4))
    finally:
        ros.executor.shutdown()
        spinning.join(10)
    assert result.status == GoalStatus.STATUS_SUCCEEDED
    assert list(result.result.sequence) == [0, 1, 1, 2, 3]


def test_wrong_types_are_refused(ros, pair):
    made = pair()
    with pytest.raises(TypeError):
        made.client.send_goal_async(Fibonacci.Result())
    with pytest.raises(TypeError):
        ActionServer(ros.node("other"), Fibonacci, "other", "no callback")


def test_a_server_that_does_not_exist_is_waited_for_in_vain(ros):
    client = ActionClient(ros.node(), Fibonacci, "nobody")
    assert not client.server_is_ready()
    assert not client.wait_for_server(timeout_sec=0.1)
    client.destroy()


def test_two_clients_do_not_hear_each_others_feedback(ros, pair):
    heard = {"a": [], "b": []}
    made = pair()
    other = ActionClient(ros.node("other"), Fibonacci, "fibonacci")
    assert other.wait_for_server(10.0)
    a = made.send(order=3, feedback_callback=lambda m: heard["a"].append(len(m.feedback.sequence)))
    b = ros.wait(
        other.send_goal_async(
            Fibonacci.Goal(order=5), feedback_callback=lambda m: heard["b"].append(len(m.feedback.sequence))
        )
    )
    made.result(a)
    ros.wait(b.get_result_async())
    assert set(heard["a"]) <= {3, 4}
    assert max(heard["b"], default=6) >= 3
    other.destroy()
