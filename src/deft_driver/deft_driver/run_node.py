"""Run a driver's node as a process, and end it at whatever moment a signal comes."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

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
        interrupts = _Interrupts()
        rclpy.init(args=args)
        failure = _drive(make, interrupts)
    with _until_shutdown():
        rclpy.try_shutdown()
    if failure:
        print(f"{name}: {failure}", file=sys.stderr)
    return 1 if failure else 0


class _Interrupts:
    """What SIGINT does beside ending the context, which is rclpy's: `KeyboardInterrupt`, while it `cuts_short`.

    It cuts a long connecting short. It must not strike while the executor starts a thread (the process would wait for
    that thread for ever), nor while the device is being stopped, however often Ctrl-C is pressed.
    """

    def __init__(self) -> None:
        self.cuts_short = True
        signal.signal(signal.SIGINT, self._take)  # rclpy.init puts its own before this one, and calls it

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.cuts_short:
            raise KeyboardInterrupt


def _drive(make: Callable[[], DriverNode], interrupts: _Interrupts) -> str:
    """Make, start and spin a node; returns what was wrong, or nothing when the context ended."""
    node, failure = None, ""
    try:
        with _until_shutdown():
            executor = MultiThreadedExecutor(num_threads=_THREADS)
            node = make()
            node.start()
            executor.add_node(node)
            interrupts.cuts_short = False
            executor.spin()
    except DeftError as error:
        failure = str(error) if rclpy.ok() else ""
    except ParameterException as error:
        failure = str(error.args[0])
    finally:
        interrupts.cuts_short = False
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
