"""Executors: they wait for work and run callbacks, in one thread or in several."""

from __future__ import annotations

import inspect
import os
import time
import warnings
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from rclpy.context import Context
from rclpy.task import Future, Task
from rclpy.utilities import get_default_context, timeout_sec_to_nsec
from ros2_lite.entity import Entity
from ros2_lite.executor_core import ExecutorCore, Job
from ros2_lite.worker_pool import WorkerPool

if TYPE_CHECKING:
    from rclpy.node import Node


class TimeoutException(Exception):
    """Nothing was ready in time."""


class ShutdownException(Exception):
    """The executor was shut down."""


class ExternalShutdownException(Exception):
    """The context was shut down, by a signal or by someone else."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)


class ConditionReachedException(Exception):
    """What was waited for has come."""


class TimeoutObject:
    """A time limit that changes while it is used."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    @property
    def timeout(self) -> float:
        """Seconds left."""
        return self._timeout

    @timeout.setter
    def timeout(self, timeout: float) -> None:
        self._timeout = timeout


async def await_or_execute(callback: Callable[..., Any] | Coroutine[Any, Any, Any], *args: Any) -> Any:
    """Call a function, or await a coroutine function."""
    if inspect.iscoroutinefunction(callback):
        return await callback(*args)
    return callback(*args)  # type: ignore[operator]


def _never() -> bool:
    return False


class Executor(ExecutorCore):
    """Base of the executors. A node belongs to one executor at a time."""

    def __init__(self, *, context: Context | None = None) -> None:
        self._context = get_default_context() if context is None else context
        self._context._require_valid("failed to create guard_condition")
        super().__init__()
        self._context._add_interrupt(self._wake)

    # --- nodes ---

    @property
    def context(self) -> Context:
        """The context whose end ends spinning."""
        return self._context

    def add_node(self, node: Node) -> bool:
        """Handle a node's callbacks from now on; False where it is handled already."""
        with self._lock:
            if node in self._nodes:
                return False
            self._nodes.append(node)
            self._dirty = True
        node.executor = self
        self.wake()
        return True

    def remove_node(self, node: Node) -> None:
        """Handle a node's callbacks no more."""
        with self._lock:
            if node not in self._nodes:
                return
            self._nodes.remove(node)
            self._dirty = True
        self.wake()

    def get_nodes(self) -> list[Node]:
        """Return the nodes."""
        with self._lock:
            return list(self._nodes)

    # --- tasks ---

    def create_task(self, callback: Callable[..., Any] | Coroutine[Any, Any, Any], *args: Any, **kwargs: Any) -> Task:
        """Run a function or coroutine while spinning; the task is a future of its result."""
        task = Task(callback, args, kwargs, executor=self)
        self._schedule(task)
        return task

    # --- shutdown ---

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Stop, and wait for the callbacks that run; False where some still run when time is up."""
        with self._lock:
            self._is_shutdown = True
        self.wake()
        with self._idle:
            limit = None if timeout_sec is None or timeout_sec < 0 else timeout_sec
            own = int(self._is_running_here())
            if not self._idle.wait_for(lambda: self._running <= own, limit):
                return False
            self._nodes = []
            self._close()
        return True

    def _close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            kept, self._kept = self._kept, set()
        for task in kept:
            task._abandon()
        self._context._remove_interrupt(self._wake)
        self._waitset.close()
        self._guard.close()

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *exc: object) -> None:
        self.shutdown()

    # --- spinning ---

    def spin(self) -> None:
        """Run callbacks until the executor is shut down; ExternalShutdownException where the context ends first."""
        while self._context.ok() and not self._is_shutdown:
            self.spin_once()

    def spin_until_future_complete(self, future: Future, timeout_sec: float | None = None) -> None:
        """Run callbacks until `future` is done or time is up."""
        deadline = None if timeout_sec is None or timeout_sec < 0 else time.monotonic() + timeout_sec
        future._add_waiter(self._wake)
        try:
            while self._context.ok() and not future.done() and not self._is_shutdown:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                self._spin_once(left, future.done)
                if deadline is not None and time.monotonic() >= deadline:
                    return
        finally:
            future._remove_waiter(self._wake)

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Run one callback, waiting for it at most `timeout_sec` (None or negative: for ever).

        RCLError where the context has ended before, ExternalShutdownException where it ends meanwhile.
        """
        self._require_context()
        self._spin_once(timeout_sec, _never)

    def spin_once_until_future_complete(self, future: Future, timeout_sec: float | TimeoutObject | None = None) -> None:
        """Run one callback, unless `future` is done first."""
        if isinstance(timeout_sec, TimeoutObject):
            timeout_sec = timeout_sec.timeout
        self._require_context()
        future._add_waiter(self._wake)
        try:
            self._spin_once(timeout_sec, future.done)
        finally:
            future._remove_waiter(self._wake)

    def _require_context(self) -> None:
        if not self._is_shutdown:
            self._context._require_valid("failed to initialize wait set")

    def _spin_once(self, timeout_sec: float | None, done: Callable[[], bool]) -> None:
        if type(self).spin_once is Executor.spin_once:
            raise NotImplementedError("an executor must define spin_once")
        self.spin_once(timeout_sec)

    def wait_for_ready_callbacks(
        self,
        timeout_sec: float | TimeoutObject | None = None,
        nodes: list[Node] | None = None,
        condition: Callable[[], bool] = _never,
    ) -> tuple[Task, Entity | None, Node | None]:
        """Wait for work; executors of one's own call it and then the task it returns.

        Returns (task, entity, node). Raises TimeoutException, ShutdownException, ExternalShutdownException, or
        ConditionReachedException once `condition` holds. `nodes` cannot narrow the choice here.
        """
        if nodes is not None:
            raise NotImplementedError(
                "rclpy.executors.Executor.wait_for_ready_callbacks(nodes=...) of ros2_lite: "
                "use an executor with just these nodes"
            )
        if isinstance(timeout_sec, TimeoutObject):
            timeout_sec = timeout_sec.timeout
        job = self._next_job(timeout_sec, condition)
        entity = self._popped
        holder = next((node for node in self.get_nodes() if entity in node._entities_of()), None)
        return Task(job, executor=None), entity, holder

    def can_execute(self, entity: Entity) -> bool:
        """May the entity's callback run now?"""
        return bool(entity.callback_group.can_execute(entity))

    def _next_job(self, timeout_sec: float | None, done: Callable[[], bool]) -> Job:
        """Wait for work and return it, ready to run in any thread.

        Raises TimeoutException, ShutdownException, ExternalShutdownException or ConditionReachedException.
        """
        limit = timeout_sec_to_nsec(timeout_sec)
        deadline = None if limit < 0 else time.monotonic_ns() + limit
        last_look = False
        while True:
            if self._is_shutdown:
                raise ShutdownException()
            if not self._context.ok():
                raise ExternalShutdownException()
            if done():
                raise ConditionReachedException()
            job = self._pop()
            if job is not None:
                return job
            if last_look:
                raise TimeoutException()
            left = None if deadline is None else max(0, deadline - time.monotonic_ns())
            last_look = left == 0
            self._wait(left)


class SingleThreadedExecutor(Executor):
    """Runs callbacks in the thread that spins."""

    def _spin_once(self, timeout_sec: float | None, done: Callable[[], bool]) -> None:
        try:
            job = self._next_job(timeout_sec, done)
        except (ShutdownException, TimeoutException, ConditionReachedException):
            return
        job()


class MultiThreadedExecutor(Executor):
    """Runs callbacks in a pool of threads; the thread that spins only waits and hands out."""

    def __init__(self, num_threads: int | None = None, *, context: Context | None = None) -> None:
        """`num_threads` defaults to the number of cores this process may use."""
        super().__init__(context=context)
        if num_threads is None:
            num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
        if num_threads == 1:
            warnings.warn(
                "MultiThreadedExecutor is used with a single thread.\nUse the SingleThreadedExecutor instead.",
                stacklevel=2,
            )
        self._pool = WorkerPool(num_threads)
        self._errors: deque[BaseException] = deque()

    def _spin_once(self, timeout_sec: float | None, done: Callable[[], bool]) -> None:
        if self._errors:
            raise self._errors.popleft()
        try:
            job = self._next_job(timeout_sec, lambda: bool(self._errors) or done())
        except (ShutdownException, TimeoutException, ConditionReachedException):
            pass
        except ExternalShutdownException:
            # Upstream's multi-threaded spin ends without an exception.
            pass
        else:
            self._pool.submit(lambda: self._guarded(job))
        if self._errors:
            raise self._errors.popleft()

    def _guarded(self, job: Job) -> None:
        try:
            job()
        except BaseException as error:
            self._errors.append(error)
            self.wake()

    def _close(self) -> None:
        super()._close()
        self._pool.close()
