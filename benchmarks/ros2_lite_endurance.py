"""Four processes under steady load: RGB and depth at 30 Hz, joint states at 100 Hz, reliable, keep last 10.

    python benchmarks/ros2_lite_endurance.py --minutes 10

Prints for each subscriber what was sent, received and lost, and the resident memory early on and at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOPICS = {"rgb": (30.0, "rgb8", 3), "depth": (30.0, "16UC1", 2), "joints": (100.0, "", 0)}


def rss_mib() -> float:
    """Return this process's resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def publish(seconds: float) -> None:
    """Publish on timers; the number of each message stands in its frame_id."""
    import rclpy
    from sensor_msgs.msg import Image, JointState

    rclpy.init()
    node = rclpy.create_node("endurance_source")
    sent = dict.fromkeys(TOPICS, 0)

    def source(name: str, encoding: str, size: int) -> tuple[Any, Callable[[], None]]:
        if encoding:
            message: Any = Image(height=480, width=640, encoding=encoding, step=640 * size)
            message.data = random.Random(0).randbytes(480 * 640 * size)
        else:
            message = JointState(name=[f"joint_{i}" for i in range(16)], position=[0.5] * 16)
        publisher = node.create_publisher(type(message), f"endurance/{name}", 10)

        def send() -> None:
            message.header.frame_id = str(sent[name])
            publisher.publish(message)
            sent[name] += 1

        return publisher, send

    sources = {name: source(name, encoding, size) for name, (_, encoding, size) in TOPICS.items()}
    while any(publisher.get_subscription_count() < 3 for publisher, _ in sources.values()):
        rclpy.spin_once(node, timeout_sec=0.05)
    time.sleep(1.0)  # until the other side knows of it too
    for name, (_, send) in sources.items():
        node.create_timer(1.0 / TOPICS[name][0], send)
    early, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
        if not early and time.monotonic() > end - seconds * 0.8:
            early = rss_mib()
    print(json.dumps({"sent": sent, "rss_mib": [round(early, 1), round(rss_mib(), 1)]}), flush=True)
    time.sleep(1.0)
    rclpy.shutdown()


def subscribe(seconds: float) -> None:
    """Count what comes and what is missing between."""
    import rclpy
    from sensor_msgs.msg import Image, JointState

    rclpy.init()
    node = rclpy.create_node(f"endurance_sink_{os.getpid()}")
    received = dict.fromkeys(TOPICS, 0)
    last = dict.fromkeys(TOPICS, -1)
    lost = dict.fromkeys(TOPICS, 0)

    def sink(name: str) -> None:
        def on_message(message: Any) -> None:
            number = int(message.header.frame_id)
            lost[name] += number - last[name] - 1
            last[name] = number
            received[name] += 1

        node.create_subscription(Image if TOPICS[name][1] else JointState, f"endurance/{name}", on_message, 10)

    for name in TOPICS:
        sink(name)
    early, begin, heard = 0.0, 0.0, time.monotonic()
    total = 0
    while time.monotonic() - heard < 5.0 or not total:
        rclpy.spin_once(node, timeout_sec=0.1)
        if sum(received.values()) > total:
            total, heard = sum(received.values()), time.monotonic()
            begin = begin or heard
        if not early and begin and time.monotonic() > begin + seconds * 0.2:
            early = rss_mib()
    print(
        json.dumps(
            {
                "received": received,
                "lost": lost,
                "rss_mib": [round(early, 1), round(rss_mib(), 1)],
            }
        ),
        flush=True,
    )
    rclpy.shutdown()


def main() -> None:
    """Run one source and three sinks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--role", choices=["source", "sink"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    seconds = options.minutes * 60
    if options.role:
        return publish(seconds) if options.role == "source" else subscribe(seconds)
    environment = {
        **os.environ,
        "ROS_DOMAIN_ID": str(random.randrange(60, 100)),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    }
    line = [sys.executable, str(Path(__file__).resolve()), "--minutes", str(options.minutes), "--role"]
    started = [
        subprocess.Popen([*line, role], env=environment, stdout=subprocess.PIPE, text=True)
        for role in ("sink", "sink", "sink", "source")
    ]
    for process in reversed(started):
        print(process.args[-1], process.communicate(timeout=seconds + 60)[0].strip())  # type: ignore[index]
    return None


if __name__ == "__main__":
    main()
