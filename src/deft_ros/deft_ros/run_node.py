"""Run a node as a process, and end it at whatever moment a signal comes."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from deft_core.errors import DeftError
from deft_core.realtime import ask_for_priority
from deft_ros.process_node import ProcessNode, ends_in_a_moment
from deft_ros.spinning import Spinner, spin, until_shutdown


def run_node(
    make: Callable[[], Node],
    name: str,
    args: list[str] | None = None,
    *,
    threads: int = 1,
    urgent: bool = False,
    outlives_signals: bool = False,
    mendable: tuple[type[Exception], ...] = (),
) -> int:
    """Run a node until it is interrupted or fails; returns the exit status.

    SIGINT and SIGTERM end it with 0 whenever they come, with its devices let go of. An error that a person can do
    something about is one line on stderr and 1.

    Args:
        make: makes the node; a `ProcessNode` has hooks for beginning and ending.
        name: the node's, for that line.
        args: command line (None: sys.argv).
        threads: of the executor.
        urgent: asks the machine for priority.
        outlives_signals: a signal does not end the context but calls `wind_down`, while the graph still hears the node.
        mendable: errors beside `DeftError` that a person can do something about.
    """
    failure = ""
    with contextlib.suppress(KeyboardInterrupt):
        if urgent:
            ask_for_priority()
        run = _Run(make, threads, (DeftError, *mendable))
        if outlives_signals:
            rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
            failure = run.until_told()
        else:
            interrupts = _Interrupts()
            rclpy.init(args=args)
            failure = run.until_the_context_ends(interrupts)
    with until_shutdown():
        rclpy.try_shutdown()
    if failure:
        print(f"{name}: {failure}", file=sys.stderr)
    return 1 if failure else 0


class _Interrupts:
    """What SIGINT does beside ending the context, which is rclpy's: `KeyboardInterrupt`, while it `cuts_short`.

    It cuts a long beginning short. It must not strike while the executor starts a thread (the process would wait for
    that thread for ever), nor while devices are being stopped, however often Ctrl-C is pressed.
    """

    def __init__(self) -> None:
        self.cuts_short = True
        signal.signal(signal.SIGINT, self._take)  # rclpy.init puts its own before this one, and calls it

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.cuts_short:
            raise KeyboardInterrupt


class _Run:
    """Make, start, spin and end a node; each way returns what was wrong, or nothing."""

    def __init__(self, make: Callable[[], Node], threads: int, mendable: tuple[type[Exception], ...]) -> None:
        self._make, self._threads, self._mendable = make, threads, mendable

    def until_the_context_ends(self, interrupts: _Interrupts) -> str:
        """SIGINT and SIGTERM are rclpy's: they end the context, and with it the spinning."""
        node, failure, started = None, "", False
        try:
            with until_shutdown():
                executor = self._executor()
                node = self._make()
                started = True
                _start(node)
                executor.add_node(node)
                interrupts.cuts_short = False
                spin(executor)
        except self._mendable as error:
            # A device that is gone just before the signal arrives went because everything is being stopped.
            failure = "" if (ends_in_a_moment() if started else not rclpy.ok()) else str(error)
        except ParameterException as error:
            failure = str(error.args[0])
        finally:
            interrupts.cuts_short = False
            ended = _end(node)
        return failure or ended

    def until_told(self) -> str:
        """SIGINT and SIGTERM are ours: the context outlives them until the node has wound down."""
        told = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: told.set())
        node, failure = None, ""
        executor = self._executor()
        spinner = Spinner(executor, ended=told.set)
        try:
            node = self._make()
            _start(node)
            executor.add_node(node)
            spinner.start()
            told.wait()
            if isinstance(node, ProcessNode):
                node.wind_down()
        except self._mendable as error:
            failure = str(error)
        except ParameterException as error:
            failure = str(error.args[0])
        finally:
            spinner.end()
            ended = _end(node)
        if spinner.error is not None:
            raise spinner.error
        return failure or ended

    def _executor(self) -> Executor:
        return SingleThreadedExecutor() if self._threads == 1 else MultiThreadedExecutor(num_threads=self._threads)


def _start(node: Node) -> None:
    if isinstance(node, ProcessNode):
        node.start()


def _end(node: Node | None) -> str:
    """Close and destroy; returns why the node had to end, if it had to."""
    if node is None:
        return ""
    failure = ""
    if isinstance(node, ProcessNode):
        failure = node.failure
        node.close()
    with until_shutdown():
        node.destroy_node()
    return failure
