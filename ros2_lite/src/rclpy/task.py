"""Futures, and tasks that run functions and coroutines on an executor."""

from __future__ import annotations

import inspect
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Coroutine, Generator
from typing import Any


class Future:
    """An outcome that comes later: a result or an exception."""

    def __init__(self, *, executor: Any = None) -> None:
        self._done = False
        self._cancelled = False
        self._result: Any = None
        self._exception: BaseException | None = None
        self._exception_fetched = False
        self._callbacks: list[Callable[[Future], Any]] = []
        self._waiters: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._executor: Callable[[], Any] = _no_executor
        if executor is not None:
            self._executor = weakref.ref(executor)

    def __del__(self) -> None:
        if self._exception is not None and not self._exception_fetched:
            print(f"The following exception was never retrieved: {self._exception}", file=sys.stderr)

    def __await__(self) -> Generator[Any, None, Any]:
        # A Task that awaits this sleeps until it is done: nothing asks again and again.
        while not self._done:
            yield self
        return self.result()

    def cancel(self) -> None:
        """Ask that the work not be done, where it is not done yet."""
        with self._lock:
            if not self._done:
                self._cancelled = True
        self._finish()

    def cancelled(self) -> bool:
        """Has it been cancelled?"""
        return self._cancelled

    def done(self) -> bool:
        """Is there a result or an exception?"""
        return self._done

    def result(self) -> Any:
        """Return the result, None where there is none yet; raises the exception where there is one."""
        if self._exception is not None:
            raise self.exception()  # type: ignore[misc]
        return self._result

    def exception(self) -> BaseException | None:
        """Return the exception that ended the work, or None."""
        self._exception_fetched = True
        return self._exception

    def set_result(self, result: Any) -> None:
        """End it with a result."""
        with self._lock:
            self._result = result
            self._done = True
            self._cancelled = False
        self._finish()

    def set_exception(self, exception: BaseException) -> None:
        """End it with an exception."""
        with self._lock:
            self._exception = exception
            self._exception_fetched = False
            self._done = True
            self._cancelled = False
        self._finish()

    def _finish(self) -> None:
        """Wake the tasks that wait and hand the done callbacks to the executor, or call them here without one."""
        with self._lock:
            executor = self._executor()
            callbacks, self._callbacks = self._callbacks, []
            waiters, self._waiters = self._waiters, []
        for wake in waiters:
            wake()
        for callback in callbacks:
            if executor is not None:
                executor.create_task(callback, self)
                continue
            try:
                callback(self)
            except Exception as error:  # the other callbacks still have to be called
                warnings.warn(f"Unhandled exception in done callback: {error}", stacklevel=2)

    def _set_executor(self, executor: Any) -> None:
        with self._lock:
            self._executor = _no_executor if executor is None else weakref.ref(executor)

    def _add_waiter(self, wake: Callable[[], None]) -> None:
        """Call `wake` once it is done or cancelled, on whatever thread; at once where it is done already."""
        with self._lock:
            if not self._done:
                self._waiters.append(wake)
                return
        wake()

    def _remove_waiter(self, wake: Callable[[], None]) -> None:
        with self._lock:
            if wake in self._waiters:
                self._waiters.remove(wake)

    def add_done_callback(self, callback: Callable[[Future], Any]) -> None:
        """Call `callback(self)` when it is done: on the executor where there is one, else where it ends."""
        with self._lock:
            if not self._done:
                self._callbacks.append(callback)
                return
            executor = self._executor()
        if executor is not None:
            executor.create_task(callback, self)
        else:
            callback(self)

    def remove_done_callback(self, callback: Callable[[Future], Any]) -> bool:
        """Take a callback back; False where it was not there."""
        with self._lock:
            if callback not in self._callbacks:
                return False
            self._callbacks.remove(callback)
            return True


def _no_executor() -> None:
    return None


class Task(Future):
    """A function or coroutine that an executor runs; calling the task runs it, or goes on with it."""

    def __init__(
        self,
        handler: Callable[..., Any] | Coroutine[Any, Any, Any],
        args: Any = None,
        kwargs: Any = None,
        executor: Any = None,
    ) -> None:
        super().__init__(executor=executor)
        self._args = () if args is None else args
        self._kwargs = {} if kwargs is None else kwargs
        self._handler: Any = handler
        if inspect.iscoroutinefunction(handler):
            self._handler = handler(*self._args, **self._kwargs)
        self._executing = False
        self._task_lock = threading.Lock()
        self._waiting = False
        # What the executor has to do when the work ends, however it ends.
        self._on_end: Callable[[], None] | None = None

    def __call__(self) -> None:
        """Run until the end, or until the coroutine awaits something that is not there yet."""
        if self._done or not self._task_lock.acquire(blocking=False):
            return
        try:
            if self._done:
                return
            self._executing = True
            self._waiting = False
            if inspect.iscoroutine(self._handler):
                self._step()
            else:
                self._run()
        finally:
            self._executing = False
            self._task_lock.release()
        if not self._done:
            self._reschedule()

    def _run(self) -> None:
        try:
            result = self._handler(*self._args, **self._kwargs)
        except Exception as error:
            self._end()
            self.set_exception(error)
        else:
            self._end()
            self.set_result(result)

    def _step(self) -> None:
        try:
            self._awaited = self._handler.send(None)
        except StopIteration as stop:
            self._end()
            self.set_result(stop.value)
        except Exception as error:
            self._end()
            self.set_exception(error)

    def _reschedule(self) -> None:
        """Come back when what the coroutine awaits is done; a bare `yield` comes back at the next opportunity."""
        executor = self._executor()
        if executor is None:
            return
        awaited, self._awaited = self._awaited, None
        self._waiting = True
        if isinstance(awaited, Future):
            awaited._add_waiter(lambda: executor._schedule(self))
        else:
            executor._schedule(self, later=True)

    def _end(self) -> None:
        self._handler = self._args = self._kwargs = None
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

    _awaited: Any = None

    def _abandon(self) -> None:
        """Close a coroutine that nobody will run any more."""
        if not self._executing and inspect.iscoroutine(self._handler):
            self._handler.close()

    def executing(self) -> bool:
        """Is it running right now?"""
        return self._executing
