"""ros2 doctor beside a node with faults. The same holds on real ROS 2, which may check and report more."""

import re
import subprocess
import sys

import pytest

NODE = """
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import String

rclpy.init()
node = rclpy.create_node("faulty")
node.create_publisher(String, "/nobody_listens", 10)
node.create_subscription(String, "/nobody_speaks", print, 10)
MORE
print("up", flush=True)
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""
MISMATCH = """
node.create_publisher(String, "/mismatch", QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
node.create_subscription(String, "/mismatch", print, QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE))
"""


@pytest.fixture
def start():
    """Return a function that starts the node."""
    started = []

    def start(text=""):
        code = NODE.replace("MORE\n", text)
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "up\n"

    yield start
    for process in started:
        process.kill()  # ROS 2's wait does not always notice SIGTERM
        process.communicate(timeout=15)


@pytest.fixture
def doctor(ros2):
    """Return a function that runs ros2 doctor; the daemon's picture would be an old one, so there is none."""

    def run(*arguments):
        ros2("daemon", "stop")
        done = ros2("doctor", "--exclude-packages", *arguments)
        assert done.returncode == 0, done.stderr
        return done

    yield run
    ros2("daemon", "stop")


def test_nothing_is_wrong_where_nothing_runs(doctor):
    assert re.fullmatch(r"\nAll \d+ checks passed\n\n", doctor().stdout)


def test_lonely_endpoints_are_warned_of_and_fail_only_on_request(doctor, start):
    start()
    plain = doctor()
    assert re.search(r"\nAll \d+ checks passed\n", plain.stdout)
    assert "UserWarning: Publisher without subscriber detected on /nobody_listens." in plain.stderr
    assert "UserWarning: Subscriber without publisher detected on /nobody_speaks." in plain.stderr
    strict = doctor("--include-warnings")
    assert re.search(r"\n1/\d+ check\(s\) failed\n\nFailed modules: topic\n", strict.stdout)
    assert "TOPIC LIST" not in strict.stdout


def test_incompatible_qualities_fail_and_are_reported(doctor, start):
    start(MISMATCH)
    done = doctor("--report-failed")
    assert re.search(r"\n1/\d+ check\(s\) failed\n\nFailed modules: middleware\n", done.stdout)
    assert "ERROR: QoS compatibility error found on topic '/mismatch': " in done.stderr
    assert "RMW MIDDLEWARE" in done.stdout
    assert "TOPIC LIST" not in done.stdout
    assert re.search(
        r"topic \[type\] +: /mismatch \[std_msgs/msg/String\]\n"
        r"publisher node +: faulty\nsubscriber node +: faulty\ncompatibility status +: ERROR: ",
        done.stdout,
    )


def test_the_whole_report(doctor, start):
    start()
    report = doctor("--report").stdout
    for title in ("NETWORK CONFIGURATION", "QOS COMPATIBILITY LIST", "RMW MIDDLEWARE", "TOPIC LIST"):
        assert f"\n   {title}\n" in report
    assert re.search(r"middleware name +: rmw_cyclonedds_cpp\n", report)
    assert re.search(
        r"topic +: /nobody_listens\npublisher count +: 1\nsubscriber count +: 0\n"
        r"topic +: /nobody_speaks\npublisher count +: 0\nsubscriber count +: 1\n",
        report,
    )


def test_wtf_is_doctor(ros2):
    assert re.search(r"All \d+ checks passed", ros2("wtf", "--exclude-packages").stdout)
    ros2("daemon", "stop")


def test_two_kinds_of_report_exclude_each_other(ros2):
    done = ros2("doctor", "--report", "--report-failed")
    assert done.returncode == 2
    assert "not allowed with argument" in done.stderr
