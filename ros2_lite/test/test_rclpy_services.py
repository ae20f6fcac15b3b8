"""Service clients and servers."""

import threading

import pytest
from example_interfaces.srv import AddTwoInts
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from std_srvs.srv import Trigger

REQUEST = AddTwoInts.Request(a=2, b=-5)


def add(request, response):
    """Answer with the sum."""
    response.sum = request.a + request.b
    return response


@pytest.fixture
def client(ros):
    """A client of a server on another node."""
    ros.node("server").create_service(AddTwoInts, "add", add)
    client = ros.node("client").create_client(AddTwoInts, "add")
    assert client.wait_for_service(10.0)
    return client


def test_a_call_is_answered(ros, client):
    assert ros.wait(client.call_async(REQUEST)) == AddTwoInts.Response(sum=-3)


def test_each_client_gets_its_own_answers(ros, client):
    other = ros.node("other").create_client(AddTwoInts, "add")
    assert other.wait_for_service(10.0)
    futures = [
        (i, c.call_async(AddTwoInts.Request(a=i, b=k))) for i in range(5) for k, c in ((100, client), (200, other))
    ]
    for future in [future for _, future in futures]:
        ros.wait(future)
    assert [future.result().sum for _, future in futures] == [i + k for i in range(5) for k in (100, 200)]


def test_a_blocking_call_works_while_another_thread_spins(ros, client):
    thread = threading.Thread(target=ros.executor.spin)
    thread.start()
    try:
        assert client.call(REQUEST).sum == -3
    finally:
        ros.executor.shutdown()
        thread.join(10)
    assert not thread.is_alive()


def test_a_service_that_does_not_exist_is_waited_for_in_vain(ros):
    client = ros.node().create_client(AddTwoInts, "nobody")
    assert not client.service_is_ready()
    assert not client.wait_for_service(0.1)


def test_a_server_that_appears_is_noticed(ros):
    client = ros.node("client").create_client(AddTwoInts, "add")
    timer = threading.Timer(0.1, lambda: ros.nodes[0].create_service(AddTwoInts, "add", add))
    timer.start()
    assert client.wait_for_service(10.0)
    timer.join()


def test_a_server_that_goes_is_noticed(ros, client):
    server = ros.nodes[0]
    assert server.destroy_service(next(s for s in server.services if s.srv_name == "add"))
    ros.until(lambda: not client.service_is_ready())


def test_wrong_types_are_refused(ros, client):
    with pytest.raises(TypeError):
        client.call_async(Trigger.Request())
    with pytest.raises(TypeError):
        client.call("request")


def test_a_request_can_be_taken_back(ros, client):
    future = client.call_async(REQUEST)
    client.remove_pending_request(future)
    ros.spin_for(0.2)
    assert not future.done()


def test_a_coroutine_may_call_another_service(ros, client):
    group = ReentrantCallbackGroup()
    node = ros.node("middle")
    inner = node.create_client(AddTwoInts, "add", callback_group=group)
    assert inner.wait_for_service(10.0)

    async def forward(request, response):
        response.sum = 10 * (await inner.call_async(request)).sum
        return response

    node.create_service(AddTwoInts, "ten_times", forward, callback_group=group)
    outer = ros.node("outer").create_client(AddTwoInts, "ten_times")
    assert outer.wait_for_service(10.0)
    assert ros.wait(outer.call_async(REQUEST)).sum == -30


def test_an_exception_in_a_callback_ends_spinning(ros):
    def fail(request, response):
        raise ZeroDivisionError("in the callback")

    ros.node("server").create_service(AddTwoInts, "add", fail)
    client = ros.node("client").create_client(AddTwoInts, "add")
    assert client.wait_for_service(10.0)
    future = client.call_async(REQUEST)
    with pytest.raises(ZeroDivisionError):
        ros.wait(future)


def test_a_done_callback_runs_on_the_executor(ros, client):
    threads = []
    future = client.call_async(REQUEST)
    future.add_done_callback(lambda f: threads.append((threading.current_thread(), f.result().sum)))
    ros.until(lambda: threads)
    assert threads == [(threading.current_thread(), -3)]


def test_service_names_are_expanded_and_remapped(ros):
    node = ros.node("node", namespace="/ns", cli_args=["--ros-args", "-r", "add:=/sum"])
    assert node.create_service(AddTwoInts, "add", add).service_name == "/sum"
    assert node.create_client(AddTwoInts, "~/add").service_name == "/ns/node/add"
    assert node.resolve_service_name("add") == "/sum"


def test_a_server_keeps_serving_after_a_client_is_gone(ros, client):
    gone = ros.node("gone")
    short = gone.create_client(AddTwoInts, "add")
    assert short.wait_for_service(10.0)
    short.call_async(REQUEST)
    gone.destroy_client(short)
    assert ros.wait(client.call_async(REQUEST)).sum == -3


def test_nothing_is_lost_between_two_executors(ros):
    executor = SingleThreadedExecutor(context=ros.context)
    ros.node("server", executor=executor).create_service(AddTwoInts, "add", add)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    client = ros.node("client").create_client(AddTwoInts, "add")
    assert client.wait_for_service(10.0)
    try:
        for i in range(100):
            assert ros.wait(client.call_async(AddTwoInts.Request(a=i, b=1))).sum == i + 1
    finally:
        executor.shutdown()
        thread.join(10)
    assert not thread.is_alive()
