"""Spin an executor beside the thread that made it, and end that in an order that rclpy survives."""

import contextlib
import threading
from collections.abc import Callable, Iterator

import rclpy
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle, NotInitializedException
from rclpy.executors import Executor, ExternalShutdownException

# What rclpy raises where a context, an executor or a node ends under whatever it was doing.
_AT_THE_END = (RuntimeError, InvalidHandle, NotInitializedException)

_NOTICES_THE_END = 0.1  # s


def spin(executor: Executor, *, context: Context | None = None, ending: Callable[[], bool] = lambda: False) -> None:
    """Spin until the context ends or `ending()`, and notice either though nothing wakes the executor.

    rclpy 7.1's thread that deals with a signal wakes executors first and ends the context after. One that has gone back
    to waiting in between sleeps, in `Executor.spin`, until its node has something to do, or another signal comes.
    """
    while rclpy.ok(context=context) and not ending():
        executor.spin_once(timeout_sec=_NOTICES_THE_END)


class Spinner(threading.Thread):
    """A thread that spins an executor until `end`.

    rclpy 7.1's `Executor.shutdown` takes the guard condition from under a thread that still spins: callbacks that come
    next fail (AttributeError), or the thread waits for ever. So the spinning ends first, then the executor.

    Args:
        executor: with its nodes.
        ended: called when the spinning is over, for whatever reason.
        context: the executor's (None: the default one).

    Attributes:
        error: what ended the spinning, if a callback failed.
    """

    def __init__(
        self, executor: Executor, *, ended: Callable[[], None] = lambda: None, context: Context | None = None
    ) -> None:
        super().__init__(name="executor", daemon=True)
        self.error: BaseException | None = None
        self._executor, self._ended, self._context = executor, ended, context
        self._ending = False

    def run(self) -> None:
        """Spin; `start` calls this."""
        try:
            with until_shutdown(self._context):
                spin(self._executor, context=self._context, ending=lambda: self._ending)
        except BaseException as error:  # a defect in a callback: for the thread that started this one to raise
            self.error = error
        finally:
            self._ended()

    def end(self) -> None:
        """End the spinning and the executor. An interpreter that ends under a waiting thread aborts."""
        self._ending = True
        if self.ident is not None:
            self.join(timeout=5.0)
        self._executor.shutdown(timeout_sec=1.0)


@contextlib.contextmanager
def until_shutdown(context: Context | None = None) -> Iterator[None]:
    """Leave quietly when the context ends inside.

    A signal ends the context on a thread of its own. Whatever rclpy was doing then fails, each part in its own way:
    `RCLError` (a RuntimeError) from publishers, services and from a second shutdown, `NotInitializedException` from a
    node, `InvalidHandle` from what is already destroyed. While the context is alive these are defects, and are raised.
    """
    try:
        yield
    except ExternalShutdownException:
        pass
    except _AT_THE_END:
        if rclpy.ok(context=context):
            raise
