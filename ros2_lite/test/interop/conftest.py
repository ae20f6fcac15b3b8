"""Starts peers on ROS 2 and on ros2_lite, each in its own environment."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SETUP = os.environ.get("DEFT_ROS_SETUP", "")
_ROS_VARIABLES = ("AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "ROS_DISTRO")


def pytest_collection_modifyitems(items):
    """Skip where no ROS 2 is at hand."""
    if SETUP and Path(SETUP).is_file():
        return
    reason = "needs ROS 2 Jazzy with rmw_cyclonedds: set DEFT_ROS_SETUP to its setup script"
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.skip(reason=reason))


class World:
    """Runs commands on ROS 2 ('ros') or on ros2_lite ('lite'), in the test's domain."""

    def __init__(self):
        self.started = []

    def _environment(self, kind):
        environment = {k: v for k, v in os.environ.items() if kind == "ros" or k not in _ROS_VARIABLES}
        if kind == "ros":
            environment.pop("PYTHONPATH", None)
        environment.update(
            PYTHONUNBUFFERED="1",
            PYTHONDONTWRITEBYTECODE="1",
        )
        return environment

    def start(self, kind, *arguments):
        """Start `python ARGUMENTS` in the background."""
        if kind == "ros":
            command = ["bash", "-c", f". {shlex.quote(SETUP)} && exec python3 {shlex.join(arguments)}"]
        else:
            command = [sys.executable, *arguments]
        process = subprocess.Popen(
            command, env=self._environment(kind), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def interrupt(self, process):
        """Send SIGINT; returns (exit code, stderr)."""
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        return process.returncode, errors

    def close(self):
        """Kill what is left."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.communicate()


@pytest.fixture
def world(ros_environment):
    """Two worlds in one domain."""
    world = World()
    yield world
    world.close()
