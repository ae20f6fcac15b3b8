"""What belongs to a node: listed, grouped, destroyed."""

import threading

import pytest
from example_interfaces.srv import AddTwoInts
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor, TimeoutObject, await_or_execute
from rclpy.node import HIDDEN_NODE_PREFIX
from rclpy.service_introspection import ServiceIntrospectionState
from rclpy.task import Future
from std_msgs.msg import String


def test_entities_are_listed_and_gone_when_destroyed(ros):
    node = ros.node()
    made = {
        "publishers": node.create_publisher(String, "a", 1),
        "subscriptions": node.create_subscription(String, "a", print, 1),
        "clients": node.create_client(AddTwoInts, "add"),
        "services": node.create_service(AddTwoInts, "add", print),
        "timers": node.create_timer(1.0, print),
        "guards": node.create_guard_condition(print),
    }
    destroy = {
        "publishers": node.destroy_publisher,
        "subscriptions": node.destroy_subscription,
        "clients": node.destroy_client,
        "services": node.destroy_service,
        "timers": node.destroy_timer,
        "guards": node.destroy_guard_condition,
    }
    for kind, entity in made.items():
        assert entity in list(getattr(node, kind))
        assert destroy[kind](entity) is True
        assert entity not in list(getattr(node, kind))
        assert destroy[kind](entity) is False
    rate = node.create_rate(10.0)
    assert node.destroy_rate(rate) is True
    assert HIDDEN_NODE_PREFIX == "_"


def test_groups_know_their_entities(ros):
    node = ros.node()
    timer = node.create_timer(1.0, print)
    assert node.default_callback_group.has_entity(timer)
    group = ReentrantCallbackGroup()
    other = node.create_timer(1.0, print, group)
    assert group.has_entity(other)
    assert not group.has_entity(timer)


def test_an_exclusive_group_lets_one_in_and_a_reentrant_one_all(ros):
    node = ros.node()
    for group, second in ((MutuallyExclusiveCallbackGroup(), False), (ReentrantCallbackGroup(), True)):
        one, two = (node.create_timer(1.0, print, group) for _ in range(2))
        assert group.can_execute(one)
        assert group.beginning_execution(one)
        assert group.can_execute(two) is second
        assert group.beginning_execution(two) is second
        group.ending_execution(one)
        assert group.can_execute(two)


def test_a_node_leaves_its_executor(ros):
    node = ros.node()
    called = []
    node.create_timer(0.01, lambda: called.append(1))
    ros.until(lambda: called)
    ros.executor.remove_node(node)
    assert node not in ros.executor.get_nodes()
    count = len(called)
    ros.spin_for(0.1)
    assert len(called) == count


def test_waking_an_executor_does_no_harm(ros):
    waker = threading.Timer(0.05, ros.executor.wake)
    waker.start()
    ros.executor.spin_once(timeout_sec=0.2)
    waker.join()


def test_spin_once_until_future_complete(ros):
    node = ros.node()
    future = Future()
    node.create_timer(0.01, lambda: future.set_result(7))
    for _ in range(100):
        ros.executor.spin_once_until_future_complete(future, 1.0)
        if future.done():
            break
    assert future.result() == 7
    ros.executor.spin_once_until_future_complete(future, TimeoutObject(1.0))


def test_an_exception_in_a_future_is_told():
    future = Future()
    future.set_exception(ValueError("broken"))
    assert future.done()
    assert isinstance(future.exception(), ValueError)
    with pytest.raises(ValueError, match="broken"):
        future.result()


def test_functions_and_coroutines_are_awaited_alike(ros):
    async def coroutine(value):
        return value + 1

    async def both():
        return [await await_or_execute(lambda value: value * 2, 5), await await_or_execute(coroutine, 5)]

    executor = SingleThreadedExecutor(context=ros.context)
    task = executor.create_task(both)
    executor.spin_until_future_complete(task, 5.0)
    assert task.result() == [10, 6]
    executor.shutdown()


def test_a_request_that_was_taken_back_is_not_pending(ros):
    client = ros.node().create_client(AddTwoInts, "nobody")
    future = client.call_async(AddTwoInts.Request())
    client.remove_pending_request(future)
    for number in range(5):
        with pytest.raises(KeyError):
            client.get_pending_request(number)


def test_introspection_can_be_left_off(ros):
    node = ros.node()
    clock, qos = node.get_clock(), node.create_publisher(String, "a", 1).qos_profile
    for end in (node.create_client(AddTwoInts, "add"), node.create_service(AddTwoInts, "add", print)):
        end.configure_introspection(clock, qos, ServiceIntrospectionState.OFF)
    states = (ServiceIntrospectionState.OFF, ServiceIntrospectionState.METADATA, ServiceIntrospectionState.CONTENTS)
    assert [state.name for state in states] == ["OFF", "METADATA", "CONTENTS"]
