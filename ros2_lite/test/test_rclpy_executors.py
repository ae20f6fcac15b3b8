"""Executors, callback groups, timers, guard conditions, tasks and futures."""

import contextlib
import threading
import time

import pytest
import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.task import Future
from std_msgs.msg import Int32


class Crowd:
    """Counts how many callbacks run at the same time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.now = self.most = self.calls = 0
        self.two = threading.Event()

    def __call__(self, *_):
        with self.lock:
            self.now += 1
            self.calls += 1
            self.most = max(self.most, self.now)
            if self.now >= 2:
                self.two.set()
        self.two.wait(0.05)
        with self.lock:
            self.now -= 1


@pytest.fixture
def many(ros):
    """A spinning multi-threaded executor."""
    executor = MultiThreadedExecutor(4, context=ros.context)
    thread = threading.Thread(target=executor.spin)
    yield executor, thread
    executor.shutdown()
    if thread.is_alive():
        thread.join(10)
    assert not thread.is_alive()


def wait_for(condition, timeout_s=10.0):
    """Wait, in a thread that does not spin, until something holds."""
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "time is up"
        pause.wait(0.005)


@pytest.mark.parametrize(
    ("group", "together"),
    [
        (MutuallyExclusiveCallbackGroup, False),
        (ReentrantCallbackGroup, True),
    ],
)
def test_groups_decide_what_runs_together(ros, many, group, together):
    executor, thread = many
    node = ros.node(executor=executor)
    crowd, shared = Crowd(), group()
    for _ in range(3):
        node.create_timer(0.001, crowd, callback_group=shared)
    thread.start()
    wait_for(lambda: crowd.calls >= 12)
    assert (crowd.most > 1) is together


def test_exclusive_groups_run_beside_each_other(ros, many):
    executor, thread = many
    node = ros.node(executor=executor)
    crowd = Crowd()
    for _ in range(2):
        node.create_timer(0.001, crowd, callback_group=MutuallyExclusiveCallbackGroup())
    thread.start()
    wait_for(crowd.two.is_set)


def test_nothing_is_lost_while_a_group_is_busy(ros, many):
    executor, thread = many
    node = ros.node(executor=executor)
    got = []
    node.create_subscription(Int32, "numbers", lambda m: (got.append(m.data), time.sleep(0.001)), 100)
    publisher = node.create_publisher(Int32, "numbers", 100)
    thread.start()
    wait_for(lambda: publisher.get_subscription_count() == 1)
    for i in range(60):
        publisher.publish(Int32(data=i))
    wait_for(lambda: len(got) == 60)
    assert got == list(range(60))


def test_a_timer_keeps_its_rate(ros):
    calls = []
    node = ros.node()
    node.create_timer(0.02, lambda: calls.append(time.monotonic()))
    ros.until(lambda: len(calls) == 11)
    assert 0.19 <= calls[-1] - calls[0] <= 0.3


def test_a_cancelled_timer_is_not_called_until_reset(ros):
    calls = []
    timer = ros.node().create_timer(0.01, lambda: calls.append(1))
    ros.until(lambda: calls)
    timer.cancel()
    assert timer.is_canceled()
    count = len(calls)
    ros.spin_for(0.1)
    assert len(calls) == count
    timer.reset()
    assert not timer.is_canceled()
    ros.until(lambda: len(calls) > count)


def test_a_timer_without_autostart_waits_for_reset(ros):
    calls = []
    timer = ros.node().create_timer(0.01, lambda: calls.append(1), autostart=False)
    ros.spin_for(0.1)
    assert calls == []
    timer.reset()
    ros.until(lambda: calls)


def test_a_timer_tells_its_times(ros):
    timer = ros.node().create_timer(10.0, lambda: None)
    assert timer.timer_period_ns == 10_000_000_000
    assert 9e9 < timer.time_until_next_call() <= 1e10
    assert 0 <= timer.time_since_last_call() < 1e9
    assert not timer.is_ready()
    timer.timer_period_ns = 5_000_000
    assert timer.timer_period_ns == 5_000_000
    assert timer.clock is ros.nodes[0].get_clock()


def test_a_timer_may_use_a_steady_clock(ros):
    calls = []
    ros.node().create_timer(0.01, lambda: calls.append(1), clock=Clock(clock_type=ClockType.STEADY_TIME))
    ros.until(lambda: len(calls) >= 3)


def test_a_guard_condition_calls_back_once_a_trigger(ros):
    calls = []
    guard = ros.node().create_guard_condition(lambda: calls.append(1))
    ros.spin_for(0.05)
    assert calls == []
    thread = threading.Thread(target=guard.trigger)
    thread.start()
    ros.until(lambda: calls)
    thread.join()
    ros.spin_for(0.05)
    assert calls == [1]


def test_a_rate_sleeps_in_another_thread(ros):
    rate = ros.node().create_rate(50.0)
    times = []

    def sleeper():
        for _ in range(5):
            rate.sleep()
            times.append(time.monotonic())

    thread = threading.Thread(target=sleeper)
    thread.start()
    ros.until(lambda: len(times) == 5)
    thread.join(10)
    assert times[-1] - times[0] >= 0.06
    with pytest.raises(ValueError):
        ros.nodes[0].create_rate(0.0)


def test_spin_once_returns_when_time_is_up(ros):
    ros.node()
    start = time.monotonic()
    ros.executor.spin_once(timeout_sec=0.1)
    assert 0.09 <= time.monotonic() - start < 2.0


def test_spin_once_runs_one_callback(ros):
    calls = []
    node = ros.node()
    first = node.create_guard_condition(lambda: calls.append("a"))
    second = node.create_guard_condition(lambda: calls.append("b"))
    first.trigger()
    second.trigger()
    ros.executor.spin_once(timeout_sec=1.0)
    assert len(calls) == 1
    ros.executor.spin_once(timeout_sec=1.0)
    assert sorted(calls) == ["a", "b"]


def test_spin_until_future_complete_stops_at_the_future_or_at_the_limit(ros):
    node = ros.node()
    future = Future()
    node.create_timer(0.02, lambda: future.set_result("done") if not future.done() else None)
    ros.executor.spin_until_future_complete(future, timeout_sec=10)
    assert future.result() == "done"
    never = Future()
    start = time.monotonic()
    ros.executor.spin_until_future_complete(never, timeout_sec=0.1)
    assert not never.done()
    assert time.monotonic() - start < 2.0


def test_a_future_set_by_another_thread_ends_spinning(ros):
    ros.node()
    future = Future()
    timer = threading.Timer(0.05, future.set_result, [5])
    timer.start()
    ros.executor.spin_until_future_complete(future, timeout_sec=10)
    assert future.result() == 5


def test_tasks_are_functions_or_coroutines(ros):
    ros.node()
    gate = Future()

    async def coroutine(a, b):
        return a + b + await gate

    task = ros.executor.create_task(coroutine, 1, b=2)
    other = ros.executor.create_task(lambda x: x * 2, 21)
    assert ros.wait(other) == 42
    assert not task.done()
    ros.executor.create_task(gate.set_result, 10)
    assert ros.wait(task) == 13


def test_an_exception_in_a_task_is_kept_and_raised(ros):
    ros.node()

    async def fail():
        raise KeyError("lost")

    task = ros.executor.create_task(fail)
    with pytest.raises(KeyError):
        ros.wait(task)
    assert isinstance(task.exception(), KeyError)


def test_coroutine_callbacks_interleave(ros):
    order = []
    node = ros.node()
    gate = Future()

    async def waits():
        order.append("begin")
        await gate
        order.append("end")

    group = ReentrantCallbackGroup()
    guard = node.create_guard_condition(waits, callback_group=group)
    other = node.create_guard_condition(lambda: (order.append("other"), gate.set_result(None)), callback_group=group)
    guard.trigger()
    ros.until(lambda: order)
    other.trigger()
    ros.until(lambda: len(order) == 3)
    assert order == ["begin", "other", "end"]


def test_an_exception_in_a_callback_is_raised_by_spin(ros):
    def fail():
        raise ZeroDivisionError("in the callback")

    ros.node().create_timer(0.01, fail)
    with pytest.raises(ZeroDivisionError):
        ros.executor.spin()


def test_an_exception_in_a_thread_of_the_pool_is_raised_by_spin(ros):
    def fail():
        raise ZeroDivisionError("in the callback")

    executor = MultiThreadedExecutor(2, context=ros.context)
    node = ros.node(executor=executor)
    node.create_timer(0.01, fail)
    with pytest.raises(ZeroDivisionError):
        executor.spin()
    executor.shutdown()


def test_shutdown_of_the_context_ends_spin(ros):
    ros.node()
    ended = []

    def spin():
        with contextlib.suppress(ExternalShutdownException):
            ros.executor.spin()
        ended.append(True)

    thread = threading.Thread(target=spin)
    thread.start()
    ros.context.try_shutdown()
    thread.join(10)
    assert ended


def test_a_node_belongs_to_one_executor(ros):
    node = ros.node()
    assert not ros.executor.add_node(node)
    assert node.executor is ros.executor
    other = SingleThreadedExecutor(context=ros.context)
    assert other.add_node(node)
    assert node.executor is other
    assert node not in ros.executor.get_nodes()
    other.shutdown()


def test_entities_made_while_spinning_are_served(ros):
    node = ros.node()
    calls = []
    node.create_timer(0.01, lambda: calls or calls.append(node.create_timer(0.01, lambda: calls.append("new"))))
    ros.until(lambda: "new" in calls)


def test_the_functions_of_rclpy_spin_the_global_executor(ros_environment):
    rclpy.init(args=[])
    try:
        node = rclpy.create_node("node")
        future = Future()
        node.create_timer(0.01, lambda: future.set_result(1) if not future.done() else None)
        rclpy.spin_until_future_complete(node, future, timeout_sec=10)
        assert future.done()
        rclpy.spin_once(node, timeout_sec=1.0)
        assert rclpy.ok()
    finally:
        rclpy.shutdown()
    assert not rclpy.ok()


def test_a_future_without_executor_calls_back_at_once():
    called = []
    future = Future()
    future.add_done_callback(lambda f: called.append(f.result()))
    future.set_result(3)
    future.add_done_callback(lambda f: called.append(f.result() + 1))
    assert called == [3, 4]
    assert future.done()
    assert not future.cancelled()
    other = Future()
    other.cancel()
    assert other.cancelled()


def test_an_executor_of_ones_own(ros):
    from rclpy.executors import Executor, ShutdownException, TimeoutException

    class Counting(Executor):
        """Counts what it runs."""

        def __init__(self, **options):
            super().__init__(**options)
            self.ran = []

        def spin_once(self, timeout_sec=None):
            try:
                handler, entity, node = self.wait_for_ready_callbacks(timeout_sec=timeout_sec)
            except (TimeoutException, ShutdownException):
                return
            handler()
            if handler.exception() is not None:
                raise handler.exception()
            self.ran.append((entity, node))

    executor = Counting(context=ros.context)
    node = ros.node(executor=executor)
    calls = []
    guard = node.create_guard_condition(lambda: calls.append(1))
    guard.trigger()
    executor.spin_once(timeout_sec=5)
    executor.spin_once(timeout_sec=0.01)
    assert calls == [1]
    assert executor.ran == [(guard, node)]
    executor.shutdown()
