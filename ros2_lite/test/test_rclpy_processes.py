"""Several processes: signals, clean ends, and what happens when one is killed."""

import contextlib
import signal
import subprocess
import sys
import textwrap
import threading

import pytest
from example_interfaces.srv import AddTwoInts
from std_msgs.msg import String

TIMEOUT_S = 15.0


def start(code):
    """Start a process that prints a line when it is up."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "up\n"
    return process


SPINNER = """
    import sys, rclpy
    from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
    from rclpy.impl.implementation_singleton import rclpy_implementation
    rclpy.init()
    node = rclpy.create_node("spinner")
    timer = node.create_timer(0.05, lambda: (timer.cancel(), print("up", flush=True)))
    try:
        SPIN
        print("returned")
    except KeyboardInterrupt:
        print("interrupted")
    except (ExternalShutdownException, rclpy_implementation.RCLError):
        # RCLError where the context ends between two waits, or while something is made
        print("shut down")
    node.destroy_node()
    rclpy.try_shutdown()
"""
MANY = "executor = MultiThreadedExecutor(2); executor.add_node(node); executor.spin()"


@pytest.mark.parametrize(
    ("spin", "number", "expected"),
    [
        ("rclpy.spin(node)", signal.SIGINT, ["interrupted"]),
        ("rclpy.spin(node)", signal.SIGTERM, ["shut down", "returned"]),
        (MANY, signal.SIGINT, ["interrupted"]),
        (MANY, signal.SIGTERM, ["returned", "shut down"]),
        ("while rclpy.ok(): rclpy.spin_once(node, timeout_sec=5)", signal.SIGINT, ["interrupted"]),
    ],
)
def test_signals_end_spinning(spin, number, expected):
    process = start(SPINNER.replace("SPIN", spin))
    process.send_signal(number)
    out, errors = process.communicate(timeout=TIMEOUT_S)
    assert out.strip() in expected
    assert errors == ""
    assert process.returncode == 0


def test_a_signal_without_handlers_does_what_python_does():
    process = start("""
        import rclpy
        from rclpy.signals import SignalHandlerOptions, get_current_signal_handlers_options
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        assert get_current_signal_handlers_options() == SignalHandlerOptions.NO
        print("up", flush=True)
        import time
        time.sleep(60)
    """)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == -signal.SIGTERM


SERVER = """
    import rclpy
    from example_interfaces.srv import AddTwoInts
    from rclpy.executors import ExternalShutdownException
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import String
    rclpy.init()
    node = rclpy.create_node("server")

    def add(request, response):
        response.sum = request.a + request.b
        return response

    node.create_service(AddTwoInts, "add", add)
    latched = node.create_publisher(String, "state", QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL))
    latched.publish(String(data="here"))
    print("up", flush=True)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
"""


def test_a_killed_server_that_comes_back_is_found_again(ros):
    from rclpy.qos import DurabilityPolicy, QoSProfile

    got = []
    node = ros.node("client")
    client = node.create_client(AddTwoInts, "add")
    node.create_subscription(
        String, "state", lambda m: got.append(m.data), QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    )
    for life in (1, 2):
        process = start(SERVER)
        try:
            assert client.wait_for_service(TIMEOUT_S)
            ros.until(lambda life=life: len(got) == life, TIMEOUT_S)
            ros.until(lambda: ros.executor is not None and _answers(ros, client), TIMEOUT_S)
        finally:
            process.kill()
            process.communicate()
    assert got == ["here", "here"]


def _answers(ros, client):
    """Ask until somebody answers: what goes to the dead server, before its lease ends, is lost."""
    future = client.call_async(AddTwoInts.Request(a=1, b=2))
    ros.executor.spin_until_future_complete(future, 1.0)
    client.remove_pending_request(future)
    return future.done() and future.result().sum == 3


def test_a_killed_process_leaves_the_graph_when_its_lease_ends(ros):
    node = ros.node("watcher")
    process = start(SERVER)
    ros.until(lambda: "server" in node.get_node_names())
    process.kill()
    process.communicate()
    ros.until(lambda: "server" not in node.get_node_names() and not node.count_publishers("state"), 30.0)


def test_waiting_for_a_service_ends_with_the_context(ros):
    client = ros.node().create_client(AddTwoInts, "nobody")
    timer = threading.Timer(0.1, ros.context.try_shutdown)
    timer.start()
    with contextlib.suppress(RuntimeError):  # ROS 2 finds its context invalid
        assert not client.wait_for_service(TIMEOUT_S)
    timer.join()
