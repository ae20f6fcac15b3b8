"""Many nodes, killed processes and many goals, on whichever rclpy is importable: ROS 2's or ros2_lite's.

    python benchmarks/ros2_lite_scale.py nodes     # 50 nodes in 10 processes; one of each kind is killed and restarted
    python benchmarks/ros2_lite_scale.py goals     # 10,000 goals back to back: do the last take as long as the first?

`nodes`: each process has five nodes and stands in a ring: it publishes to the next and hears the one before. Printed
are the seconds from the last process's start until every one sees all nodes, and after a kill -9 the seconds from the
new process's start until it hears the one before, sees all nodes, and is heard by the next.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

NODES_EACH = 5
WAIT_S = 60.0


def ring(index: int, processes: int) -> None:
    """Be one process of the ring; print what happens, with the monotonic clock, which all processes share."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from std_msgs.msg import String

    def say(what: str, value: int = 0) -> None:
        print(json.dumps([what, value, time.monotonic()]), flush=True)

    rclpy.init()
    nodes = [rclpy.create_node(f"p{index}_n{i}") for i in range(NODES_EACH)]
    executor = SingleThreadedExecutor()
    for node in nodes:
        executor.add_node(node)
    publisher = nodes[0].create_publisher(String, f"ring/p{index}", 10)
    me = String(data=str(os.getpid()))
    nodes[0].create_timer(0.1, lambda: publisher.publish(me))
    heard: set[str] = set()

    def on_message(message: Any) -> None:
        if message.data not in heard:
            heard.add(message.data)
            say("heard", int(message.data))

    nodes[0].create_subscription(String, f"ring/p{(index - 1) % processes}", on_message, 10)
    wanted = {f"p{p}_n{i}" for p in range(processes) for i in range(NODES_EACH)}
    say("up", os.getpid())
    seen = False
    while rclpy.ok():
        executor.spin_once(timeout_sec=0.05)
        if not seen and wanted <= set(nodes[0].get_node_names()):
            seen = True
            say("seen")


def answer() -> None:
    """Serve an action that is done at once."""
    import rclpy
    from example_interfaces.action import Fibonacci
    from rclpy.action import ActionServer
    from rclpy.executors import ExternalShutdownException

    def execute(goal: Any) -> Any:
        goal.succeed()
        return Fibonacci.Result(sequence=[0, 1])

    rclpy.init()
    node = rclpy.create_node("scale_server")
    server = ActionServer(node, Fibonacci, "scale/count", execute)
    print(json.dumps(["up", 0, 0.0]), flush=True)
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)
    server.destroy()


class Child:
    """A process of this script, and what it says."""

    def __init__(self, *role: str) -> None:
        line = [sys.executable, str(Path(__file__).resolve()), *role]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        self._said: list[list[Any]] = []
        self._more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._more:
                self._said.append(json.loads(line))
                self._more.notify_all()

    def wait(self, what: str, value: int | None = None) -> tuple[int, float]:
        """Wait until it has said something; returns the value and when."""

        def found() -> list[Any] | None:
            return next((said for said in self._said if said[0] == what and value in (None, said[1])), None)

        with self._more:
            said = self._more.wait_for(found, WAIT_S)
        if said is None:
            raise SystemExit(f"'{what}' did not come within {WAIT_S:g} s")
        return said[1], said[2]

    def kill(self) -> None:
        """Kill it, as with kill -9."""
        self.process.kill()
        self.process.wait()


def measure_nodes(processes: int) -> None:
    """Start the ring, then kill and restart three of its processes, one after the other."""
    children = [Child("ring", str(i), str(processes)) for i in range(processes)]
    try:
        up = [child.wait("up") for child in children]
        last = max(when for _, when in up)
        seen = [child.wait("seen")[1] - last for child in children]
        print(
            f"{processes * NODES_EACH} nodes in {processes} processes: all seen by all {max(seen):.2f} s after the last"
        )
        pids = [pid for pid, _ in up]
        for index in (0, processes // 2, processes - 1):
            children[index].kill()
            child = children[index] = Child("ring", str(index), str(processes))
            pids[index], start = child.wait("up")
            times = {
                "hears the one before": child.wait("heard", pids[index - 1])[1] - start,
                "sees all nodes": child.wait("seen")[1] - start,
                "is heard by the next": children[(index + 1) % processes].wait("heard", pids[index])[1] - start,
            }
            print(f"process {index} killed and restarted: " + ", ".join(f"{k} {v:.2f} s" for k, v in times.items()))
    finally:
        for child in children:
            child.kill()


def measure_goals(count: int) -> None:
    """Send goals one after the other and print the latency of each tenth of them."""
    import rclpy
    from example_interfaces.action import Fibonacci
    from rclpy.action import ActionClient
    from rclpy.executors import SingleThreadedExecutor

    server = Child("answer")
    server.wait("up")
    rclpy.init()
    node = rclpy.create_node("scale_client")
    client = ActionClient(node, Fibonacci, "scale/count")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    times: list[float] = []
    try:
        if not client.wait_for_server(WAIT_S):
            raise SystemExit("the server is not there")
        for _ in range(count + 50):
            start = time.perf_counter()
            sent = client.send_goal_async(Fibonacci.Goal(order=1))
            executor.spin_until_future_complete(sent)
            executor.spin_until_future_complete(sent.result().get_result_async())
            times.append((time.perf_counter() - start) * 1e3)
            for _ in range(8):  # what the call left to do, such as callbacks of futures, shall not slow down the next
                executor.spin_once(timeout_sec=0)
        times = times[50:]  # warm-up
        part = max(1, count // 10)
        medians = [statistics.median(times[i : i + part]) for i in range(0, count, part)]
        print("goal, median ms of each tenth: " + " ".join(f"{m:.2f}" for m in medians))
        print(f"{count} goals: the last {part} take {medians[-1] / medians[0]:.2f} times as long as the first {part}")
    finally:
        server.kill()
        node.destroy_node()
        rclpy.shutdown()


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=["nodes", "goals", "ring", "answer"])
    parser.add_argument("numbers", nargs="*", type=int, help="processes (default 10) or goals (default 10000)")
    options = parser.parse_args()
    if options.row == "ring":
        return ring(*options.numbers)
    if options.row == "answer":
        return answer()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    os.environ["ROS_DOMAIN_ID"] = str(random.randrange(60, 100))
    if options.row == "nodes":
        return measure_nodes(*options.numbers or [10])
    return measure_goals(*options.numbers or [10_000])


if __name__ == "__main__":
    main()
