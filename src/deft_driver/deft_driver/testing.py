"""What tests of driver nodes share: the node as a process, and a client of it on the test's own graph."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import JointState
from std_msgs.msg import Empty

from deft_msgs.srv import Enable

PATIENCE_S = 60.0


class DriverClient(Node):
    """What an orchestrator has of a driver, spun by whoever waits for something.

    Args:
        device: "arm" or "hand".

    Attributes:
        states, diagnostics, feedback: what came so far.
    """

    def __init__(self, device: str) -> None:
        super().__init__(f"{device}_client")
        self.executor_ = SingleThreadedExecutor()
        self.executor_.add_node(self)
        self._enable = f"/{device}/enable"
        self.enabling = self.create_client(Enable, self._enable)
        self.stop = self.create_publisher(Empty, "/deft/stop", 10)
        self.states: list[JointState] = []
        self.diagnostics: list[DiagnosticArray] = []
        self.feedback: list[float] = []
        self.create_subscription(JointState, f"/{device}/joint_states", self.states.append, 10)
        self.create_subscription(DiagnosticArray, "/diagnostics", self.diagnostics.append, 10)

    def until(self, condition: Callable[[], bool], what: str, deadline_s: float = PATIENCE_S) -> None:
        """Spin until a condition holds; an AssertionError says what did not come."""
        end = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end, f"after {deadline_s} s still not so: {what}"
            self.executor_.spin_once(timeout_sec=0.05)

    def wait(self, future: Future, what: str) -> Any:
        """Spin until a future is done; returns its result."""
        self.until(future.done, what)
        return future.result()

    def enable(self, on: bool = True, after_fault_only: bool = False) -> Enable.Response:
        """Enable or disable the device."""
        assert self.enabling.wait_for_service(timeout_sec=PATIENCE_S)
        request = Enable.Request(enable=on, after_fault_only=after_fault_only)
        return self.wait(self.enabling.call_async(request), f"{self._enable} answers")

    def send(self, client: ActionClient, goal: Any) -> Any:
        """Send a goal; returns its handle, accepted or not."""
        assert client.wait_for_server(timeout_sec=PATIENCE_S)
        told = lambda msg: self.feedback.append(msg.feedback.progress)  # noqa: E731
        return self.wait(client.send_goal_async(goal, feedback_callback=told), "the goal is answered")

    def result(self, handle: Any) -> tuple[int, Any]:
        """Wait for an accepted goal's end; returns its status and result."""
        assert handle.accepted
        answer = self.wait(handle.get_result_async(), "the result comes")
        return answer.status, answer.result


@contextmanager
def on_the_graph(make: Callable[[], DriverClient]) -> Iterator[Any]:
    """A client, with rclpy begun before it and ended after it."""
    rclpy.init()
    client = make()
    try:
        yield client
    finally:
        client.destroy_node()
        rclpy.shutdown()


@contextmanager
def driver_process(module: str, cell_file: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Run a driver's node with a workcell file and more parameters (`name:=value`); it is killed if it has not ended.

    What it printed is printed, which pytest shows where the test fails.
    """
    flags = [part for parameter in (f"workcell:={cell_file}", *more) for part in ("-p", parameter)]
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--ros-args", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        out, _ = process.communicate()
        print(out)
