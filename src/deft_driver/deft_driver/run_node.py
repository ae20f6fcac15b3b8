"""Run a driver's node as a process, and end it at whatever moment a signal comes."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator

import rclpy
from rclpy.exceptions import InvalidHandle, NotInitializedException, ParameterException
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor

from deft_core.errors import DeftError
from deft_core.realtime import ask_for_priority
from deft_driver.driver_node import DriverNode

_THREADS = 6


def run_driver(make: Callable[[], DriverNode], name: str, args: list[str] | None = None) -> int:
    """Run a node until it is interrupted or loses its device; returns the exit status.

    SIGINT and SIGTERM end it with 0 whenever they come, with the device stopped. An error that a person can do
    something about is one line on stderr and 1.

    Args:
        make: makes the node.
        name: the node's, for that line.
        args: command line (None: sys.argv).
    """
    failure = ""
    with contextlib.suppress(KeyboardInterrupt):
        ask_for_priority()
        rclpy.init(args=args)
        failure = _drive(make)
    with _until_shutdown():
        rclpy.try_shutdown()
    if failure:
        print(f"{name}: {failure}", file=sys.stderr)
    return 1 if failure else 0


def _drive(make: Callable[[], DriverNode]) -> str:
    """Make, start and spin a node; returns what was wrong, or nothing when the context ended."""
    node, failure = None, ""
    try:
        with _until_shutdown():
            node = make()
            node.start()
            executor = MultiThreadedExecutor(num_threads=_THREADS)
            executor.add_node(node)
            executor.spin()
    except DeftError as error:
        failure = str(error) if rclpy.ok() else ""
    except ParameterException as error:
        failure = str(error.args[0])
    finally:
        _ignore_interrupts()
        if node is not None:
            failure = failure or node.failure
            node.close()
            with _until_shutdown():
                node.destroy_node()
    return failure


@contextlib.contextmanager
def _until_shutdown() -> Iterator[None]:
    """Leave quietly when the context ends inside.

    A signal ends the context on a thread of its own. Whatever rclpy was doing then fails, each part in its own way:
    `RCLError` (a RuntimeError) from publishers, services and from a second shutdown, `NotInitializedException` from a
    node, `InvalidHandle` from what is already destroyed. While the context is alive these are defects, and are raised.
    """
    try:
        yield
    except ExternalShutdownException:
        pass
    except (RuntimeError, InvalidHandle, NotInitializedException):
        if rclpy.ok():
            raise


def _ignore_interrupts() -> None:
    """Let nothing, a second Ctrl-C neither, keep the device from being stopped."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # one that was already on its way
        signal.signal(signal.SIGINT, signal.SIG_IGN)
