"""What tests of ros2_lite, or of the real thing in its place, are given."""

import importlib.util
import os
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))  # for the helpers that lie beside the tests
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's `&` has every process below it ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
TIMEOUT_S = 10.0
IS_LITE = importlib.util.find_spec("ros2cli.__main__") is not None
# What is inside ros2_lite cannot be tested on the real thing, nor can the two be put side by side from there.
collect_ignore = [] if IS_LITE else ["internal", "interop"]


@pytest.fixture
def ros2():
    """Return a function that runs the ros2 command and returns the finished process."""
    command = [sys.executable, "-m", "ros2cli"] if IS_LITE else ["ros2"]

    def run(*arguments, timeout=30, **options):
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, timeout=timeout, check=False, **options
        )

    run.command = command
    return run


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that installs a package with launch files and executables, and its prefix on the path."""
    prefix = tmp_path / "prefix"
    index = prefix / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    before = os.environ.get("AMENT_PREFIX_PATH", "")
    monkeypatch.setenv("AMENT_PREFIX_PATH", os.pathsep.join(filter(None, [str(prefix), before])))

    def install(name, executables=(), share=()):
        (index / name).touch()
        for kind, files in (("lib", dict(executables)), ("share", dict(share))):
            for path, text in files.items():
                file = prefix / kind / name / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
                file.chmod(0o755)
        (prefix / "share" / name).mkdir(exist_ok=True)
        return prefix

    return install


class Ros:
    """An initialised context with nodes and an executor that are taken down at the end."""

    def __init__(self):
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self.context = rclpy.Context()
        rclpy.init(context=self.context, args=[])
        self.executor = SingleThreadedExecutor(context=self.context)
        self.nodes = []

    def node(self, name="node", executor=None, **arguments):
        """Make a node and add it to the executor (or another)."""
        import rclpy

        node = rclpy.create_node(name, context=self.context, **arguments)
        self.nodes.append(node)
        (executor or self.executor).add_node(node)
        return node

    def until(self, condition, timeout_s=TIMEOUT_S):
        """Spin until `condition` holds; returns what it says."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, "time is up"
            self.executor.spin_once(timeout_sec=0.02)
        return condition()

    def wait(self, future, timeout_s=TIMEOUT_S):
        """Spin until a future is done; returns its result."""
        self.executor.spin_until_future_complete(future, timeout_s)
        assert future.done(), "time is up"
        return future.result()

    def spin_for(self, seconds):
        """Spin for a while, to see that nothing comes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.02)

    def close(self):
        """Take everything down."""
        self.executor.shutdown()
        for node in self.nodes:
            node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def ros(ros_environment):
    """A context in a domain of its own."""
    ros = Ros()
    yield ros
    ros.close()
