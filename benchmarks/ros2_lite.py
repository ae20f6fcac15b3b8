"""Latencies of rclpy between two processes, on whichever rclpy is importable: ROS 2's or ros2_lite's.

    python benchmarks/ros2_lite.py                          # the rclpy of this interpreter
    python benchmarks/ros2_lite.py --ros-setup setup.bash   # side by side with ROS 2, interleaved

Rows: a 640x480 RGB image one way at 30 Hz (ms), the highest rate of such images that arrive without loss (reliable,
keep last 10; Hz), a String there and back (us), a service call (us), an order-5 Fibonacci action with pauses (ms).

A rate counts as lossless where a second of images left on time (a writer that is held back by its reader is late) and
all of them arrived, in one of three tries: what else runs on the machine must not decide. The rates are tried upwards
until one fails. Between calls what they left to do is done, untimed: ROS 2's executor keeps the callbacks of futures
that are done as tasks, and each makes its next wait slower. Each row is printed as it comes, and what was measured
before a failure stands.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROWS = [
    ("image_ms", "image 640x480 RGB, one way, 30 Hz", "ms"),
    ("image_lossless_hz", "images without loss", "Hz"),
    ("string_us", "String there and back", "us"),
    ("service_us", "service", "us"),
    ("action_ms", "action, order-5 Fibonacci", "ms"),
]
_LOSSLESS_RATES = (100, 200, 300, 400, 500, 600, 700, 800, 1000)
_TRIES = 3
# How long none must come before those still missing count as lost, seconds.
_QUIET_S = 1.0
_ON_TIME = 1.02  # how much longer than planned the sending of a second of images may take
_MEASURE_S = 300.0
_EXIT_S = 5.0
_LEFT_OVER = 6  # more than the tasks that a call leaves


def peer() -> None:
    """Answer: echo strings, add integers, execute goals; tell the age of images and count them."""
    import rclpy
    from example_interfaces.action import Fibonacci
    from example_interfaces.srv import AddTwoInts
    from rclpy.action import ActionServer
    from rclpy.executors import ExternalShutdownException
    from sensor_msgs.msg import Image
    from std_msgs.msg import String

    rclpy.init()
    node = rclpy.create_node("bench_peer")
    pong = node.create_publisher(String, "bench/pong", 10)
    report = node.create_publisher(String, "bench/report", 10)
    ages: list[float] = []

    def on_image(message: Any) -> None:
        stamp = message.header.stamp
        ages.append(time.time_ns() * 1e-6 - stamp.sec * 1e3 - stamp.nanosec * 1e-6)

    def on_ask(_: Any) -> None:
        report.publish(String(data=json.dumps(ages)))
        ages.clear()

    def on_add(request: Any, response: Any) -> Any:
        response.sum = request.a + request.b
        return response

    def execute(goal: Any) -> Any:
        feedback = Fibonacci.Feedback()
        feedback.sequence = [0, 1]
        for _ in range(1, goal.request.order):
            feedback.sequence.append(feedback.sequence[-1] + feedback.sequence[-2])
            goal.publish_feedback(feedback)
        goal.succeed()
        return Fibonacci.Result(sequence=feedback.sequence)

    node.create_subscription(String, "bench/ping", pong.publish, 10)
    node.create_subscription(Image, "bench/image", on_image, 10)
    node.create_subscription(String, "bench/ask", on_ask, 10)
    node.create_service(AddTwoInts, "bench/add", on_add)
    server = ActionServer(node, Fibonacci, "bench/fibonacci", execute)
    print("ready", flush=True)
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)
    server.destroy()


class Measure:
    """The other side: measures."""

    def __init__(self) -> None:
        import rclpy
        from sensor_msgs.msg import Image
        from std_msgs.msg import String

        self.rclpy, self.Image, self.String = rclpy, Image, String
        rclpy.init()
        self.node = rclpy.create_node("bench_measure")
        self.inbox: dict[str, list[str]] = {"pong": [], "report": []}
        self.ping = self.node.create_publisher(String, "bench/ping", 10)
        self.ask = self.node.create_publisher(String, "bench/ask", 10)
        self.images = self.node.create_publisher(Image, "bench/image", 10)
        for name, box in self.inbox.items():
            self.node.create_subscription(String, f"bench/{name}", lambda m, box=box: box.append(m.data), 10)

    def until(self, condition: Callable[[], Any], timeout_s: float = 20.0) -> None:
        """Spin until something holds."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("the peer does not answer")
            self.rclpy.spin_once(self.node, timeout_sec=0.5)

    def take_report(self) -> list[float]:
        """Return the ages (ms) of the images that have arrived since the last call."""
        self.inbox["report"].clear()
        self.ask.publish(self.String(data=""))
        self.until(lambda: self.inbox["report"])
        return list(json.loads(self.inbox["report"][0]))

    def arrivals(self, count: int) -> list[float]:
        """Wait for `count` images that were sent, until no more come; returns the ages (ms) of those that came."""
        ages: list[float] = []
        patience = time.monotonic() + _QUIET_S
        while len(ages) < count and time.monotonic() < patience:
            if new := self.take_report():
                ages += new
                patience = time.monotonic() + _QUIET_S
        return ages

    def image(self) -> Any:
        """Make an image of noise."""
        image = self.Image(height=480, width=640, encoding="rgb8", step=1920)
        image.data = random.Random(0).randbytes(480 * 1920)
        return image

    def send_images(self, count: int, rate_hz: float) -> float:
        """Publish `count` images at a rate, each stamped just before it goes; returns how long it took (s)."""
        image = self.image()
        start = time.monotonic()
        for i in range(count):
            # Against the clock, not from one image to the next: lateness does not add up.
            time.sleep(max(0.0, start + i / rate_hz - time.monotonic()))
            image.header.stamp = self.node.get_clock().now().to_msg()
            self.images.publish(image)
        return time.monotonic() - start

    def lossless(self, rate: int) -> bool:
        """Do a second's images at this rate leave on time and arrive, all of them?"""
        self.take_report()
        took = self.send_images(rate, rate)
        return len(self.arrivals(rate)) == rate and took <= _ON_TIME

    def timed(self, repeat: int, pause_s: float, executor: Any, call: Callable[[], None]) -> list[float]:
        """Time a call, in microseconds."""
        times = []
        for i in range(repeat + 10):
            for _ in range(_LEFT_OVER):
                executor.spin_once(timeout_sec=0)
            if pause_s:
                time.sleep(pause_s)
            start = time.perf_counter_ns()
            call()
            if i >= 10:  # the first are warm-up
                times.append((time.perf_counter_ns() - start) * 1e-3)
        return times

    def run(self, quick: bool) -> Iterator[tuple[str, dict[str, float]]]:
        """Measure row after row."""
        from example_interfaces.action import Fibonacci
        from example_interfaces.srv import AddTwoInts
        from rclpy.action import ActionClient
        from rclpy.executors import SingleThreadedExecutor

        self.until(lambda: self.node.count_subscribers("bench/image") and self.node.count_publishers("bench/report"))
        self.until(lambda: self.images.get_subscription_count() and self.ping.get_subscription_count())
        scale = 0.2 if quick else 1.0

        self.send_images(10, 30)
        self.arrivals(10)
        self.send_images(int(300 * scale), 30)
        yield "image_ms", _summary(self.arrivals(int(300 * scale)))

        best = 0
        for rate in _LOSSLESS_RATES:
            if not any(self.lossless(rate) for _ in range(_TRIES)):
                break
            best = rate
        yield "image_lossless_hz", {"p50": best}

        executor = SingleThreadedExecutor()
        executor.add_node(self.node)

        def roundtrip() -> None:
            self.inbox["pong"].clear()
            self.ping.publish(self.String(data="0123456789" * 3))
            while not self.inbox["pong"]:
                executor.spin_once(timeout_sec=1.0)

        yield "string_us", _summary(self.timed(int(2000 * scale), 0.0, executor, roundtrip))

        client = self.node.create_client(AddTwoInts, "bench/add")
        client.wait_for_service(10.0)
        request = AddTwoInts.Request(a=1, b=2)
        times = self.timed(
            int(2000 * scale), 0.0, executor, lambda: executor.spin_until_future_complete(client.call_async(request))
        )
        yield "service_us", _summary(times)

        actions = ActionClient(self.node, Fibonacci, "bench/fibonacci")
        actions.wait_for_server(10.0)

        def goal() -> None:
            sent = actions.send_goal_async(Fibonacci.Goal(order=5), feedback_callback=lambda _: None)
            executor.spin_until_future_complete(sent)
            executor.spin_until_future_complete(sent.result().get_result_async())

        times = self.timed(int(200 * scale), 0.02, executor, goal)
        yield "action_ms", _summary([t * 1e-3 for t in times])
        self.rclpy.shutdown()


def _summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 3),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 3),
        "n": len(ordered),
    }


def run_world(name: str, setup: str | None, quick: bool, domain: int) -> dict[str, dict[str, float]]:
    """Measure once, on ROS 2 (`setup` is its script) or on this interpreter's rclpy; returns what came in time."""
    environment = {**os.environ, "ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}

    def start(*arguments: str) -> subprocess.Popen[str]:
        line = [sys.executable, str(Path(__file__).resolve()), *arguments]
        if setup is not None:
            script = shlex.join(["python3", *line[1:]])
            line = ["bash", "-c", f". {shlex.quote(setup)} && exec {script}"]
        return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, text=True)

    results: dict[str, dict[str, float]] = {}
    units = {key: (label, unit) for key, label, unit in ROWS}
    partner = start("--role", "peer")
    assert partner.stdout is not None
    partner.stdout.readline()
    measuring = start("--role", "measure", *(["--quick"] if quick else []))
    assert measuring.stdout is not None
    late = threading.Timer(_MEASURE_S, measuring.kill)
    late.start()
    for line in measuring.stdout:
        key, summary = json.loads(line)
        results[key] = summary
        label, unit = units[key]
        print(f"{name}: {label}: " + ", ".join(f"{k} {v:g}" for k, v in summary.items()) + f" ({unit})", flush=True)
    late.cancel()
    measuring.wait()
    if measuring.returncode:
        print(f"{name}: measuring ended with exit code {measuring.returncode}; {len(results)} of {len(ROWS)} rows")
    partner.terminate()
    try:
        partner.wait(timeout=_EXIT_S)
    except subprocess.TimeoutExpired:
        # ROS 2's, now and then: the signal does not wake its wait.
        print(f"{name}: the peer is still there {_EXIT_S:g} s after SIGTERM; killed", flush=True)
        partner.kill()
        partner.wait()
    return results


def print_table(runs: dict[str, list[dict[str, dict[str, float]]]]) -> None:
    """Print the medians over the rounds, a column for each world."""
    print(f"{'':44}" + "".join(f"{name + ' p50':>16}{'p99':>10}" for name in runs))
    for key, label, unit in ROWS:
        line = f"{label + ' (' + unit + ')':44}"
        for rounds in runs.values():
            for quantile, width in (("p50", 16), ("p99", 10)):
                values = [run[key][quantile] for run in rounds if quantile in run.get(key, {})]
                line += f"{statistics.median(values):>{width}.2f}" if values else f"{'':>{width}}"
        print(line)


def main() -> None:
    """Parse the command line and print a table (and JSON with --json)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--role", choices=["peer", "measure"], help=argparse.SUPPRESS)
    parser.add_argument("--ros-setup", help="setup script of a ROS 2 to measure side by side")
    parser.add_argument("--rounds", type=int, default=1, help="rounds of each world; medians are reported")
    parser.add_argument("--quick", action="store_true", help="a fifth of the samples")
    parser.add_argument("--json", action="store_true", help="print JSON too")
    options = parser.parse_args()
    if options.role == "peer":
        return peer()
    if options.role == "measure":
        for row in Measure().run(options.quick):
            print(json.dumps(row), flush=True)
        return None

    worlds: dict[str, str | None] = {"this rclpy": None}
    if options.ros_setup:
        worlds["ROS 2"] = options.ros_setup
    runs: dict[str, list[dict[str, dict[str, float]]]] = {name: [] for name in worlds}
    domain = random.randrange(60, 100)
    for _ in range(options.rounds):
        for name, setup in worlds.items():
            domain += 1
            runs[name].append(run_world(name, setup, options.quick, domain))
    print_table(runs)
    if options.json:
        print(json.dumps(runs))
    return None


if __name__ == "__main__":
    main()
