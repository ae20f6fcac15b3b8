"""Executors: they wait for work and run callbacks, in one thread or in several.

The wait is one `dds_waitset_wait` on a set that stays as it is between waits: entities are attached when a node is
added or changes, not at each turn. An entity whose group is busy is taken out until the group is free, so that data
it cannot handle yet does not keep the thread awake.
"""

from __future__ import annotations

import atexit
import inspect
import os
import queue
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from rclpy.context import Context
from rclpy.task import Future, Task
from rclpy.timer import Timer
from rclpy.utilities import get_default_context, timeout_sec_to_nsec
from ros2_lite.dds.waitset import GuardCondition, WaitSet
from ros2_lite.entity import Entity, Work

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


_Job = Callable[[], None]


def _never() -> bool:
    return False


class Executor:
    """Base of the executors. A node belongs to one executor at a time."""

    def __init__(self, *, context: Context | None = None) -> None:
        self._context = get_default_context() if context is None else context
        self._nodes: list[Node] = []
        self._lock = threading.RLock()
        self._waitset = WaitSet()
        self._guard = GuardCondition()
        self._waitset.attach(self._guard.handle, 0)
        self._numbers: dict[int, tuple[Entity, int]] = {}
        self._attached: dict[Entity, tuple[int, list[int]]] = {}
        self._timers: list[Timer] = []
        self._next_number = 1
        self._dirty = False
        self._blocked: set[Entity] = set()
        self._timer_blocked = False
        self._ready: deque[tuple[Entity, int]] = deque()
        self._tasks: deque[Task] = deque()
        self._later: list[Task] = []
        self._kept: set[Task] = set()
        self._running = 0
        self._popped: Entity | None = None
        self._idle = threading.Condition(self._lock)
        self._is_shutdown = False
        self._closed = False
        reference = weakref.ref(self)

        def wake() -> None:
            executor = reference()
            if executor is not None:
                executor.wake()

        self._wake = wake
        self._context._add_interrupt(wake)

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

    def wake(self) -> None:
        """Make the waiting thread look around: something may have changed."""
        self._guard.trigger()

    def _entities_changed(self) -> None:
        with self._lock:
            self._dirty = True
        self.wake()

    # --- tasks ---

    def create_task(self, callback: Callable[..., Any] | Coroutine[Any, Any, Any], *args: Any, **kwargs: Any) -> Task:
        """Run a function or coroutine while spinning; the task is a future of its result."""
        task = Task(callback, args, kwargs, executor=self)
        self._schedule(task)
        return task

    def _schedule(self, task: Task, later: bool = False) -> None:
        with self._lock:
            if later:
                self._later.append(task)
            else:
                self._tasks.append(task)
            self._kept.add(task)
        self.wake()

    # --- shutdown ---

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Stop, and wait for the callbacks that run; False where some still run when time is up."""
        with self._lock:
            self._is_shutdown = True
        self.wake()
        me = threading.current_thread()
        with self._idle:
            limit = None if timeout_sec is None or timeout_sec < 0 else timeout_sec
            own = 1 if getattr(_current, "executor", None) is self and me else 0
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
        """Run one callback, waiting for it at most `timeout_sec` (None or negative: for ever)."""
        self._spin_once(timeout_sec, _never)

    def spin_once_until_future_complete(self, future: Future, timeout_sec: float | TimeoutObject | None = None) -> None:
        """Run one callback, unless `future` is done first."""
        if isinstance(timeout_sec, TimeoutObject):
            timeout_sec = timeout_sec.timeout
        future._add_waiter(self._wake)
        try:
            self._spin_once(timeout_sec, future.done)
        finally:
            future._remove_waiter(self._wake)

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

    def _next_job(self, timeout_sec: float | None, done: Callable[[], bool]) -> _Job:
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

    def _pop(self) -> _Job | None:
        while self._tasks:
            with self._lock:
                if not self._tasks:
                    break
                task = self._tasks.popleft()
                self._running += 1
                self._popped = None
            return lambda task=task: self._run_task(task)  # type: ignore[misc]
        while self._ready:
            entity, which = self._ready.popleft()
            if entity._destroyed or (entity not in self._attached and not isinstance(entity, Timer)):
                continue
            with self._lock:
                if not entity.callback_group.beginning_execution(entity):
                    self._block(entity)
                    continue
                self._running += 1
            try:
                work = entity._take(which)
            except BaseException:
                self._finish(entity)
                raise
            if work is None:
                self._finish(entity)
                continue
            self._popped = entity
            return lambda entity=entity, work=work: self._run(entity, work)  # type: ignore[misc]
        return None

    # --- waiting ---

    def _wait(self, timeout_ns: int | None) -> None:
        """Sleep until there is work, a wake-up or `timeout_ns` have passed; what is ready goes into the queue."""
        with self._lock:
            if self._dirty:
                self._synchronise()
            later, self._later = self._later, []
            if later or self._tasks:
                timeout_ns = 0
            self._timer_blocked = False
            timers = list(self._timers)
        for timer in timers:
            wait = timer._wait_ns()
            if wait is None:
                continue
            if not timer.callback_group.can_execute(timer):
                with self._lock:
                    # The group may have become free between the two lines; the flag is set first, then asked again.
                    self._timer_blocked = True
                    if not timer.callback_group.can_execute(timer):
                        continue
            timeout_ns = wait if timeout_ns is None else min(timeout_ns, wait)
        numbers = self._waitset.wait(timeout_ns)
        if 0 in numbers:
            self._guard.clear()
        for timer in timers:
            if timer._wait_ns() == 0:
                self._ready.append((timer, 0))
        if numbers:
            numbers.sort()
            with self._lock:
                for number in numbers:
                    ready = self._numbers.get(number)
                    if ready is not None:
                        self._ready.append(ready)
        if later:
            with self._lock:
                self._tasks.extend(later)

    def _synchronise(self) -> None:
        """Attach what is new, detach what is gone, bring back what may run again. The lock is held."""
        self._dirty = False
        wanted: list[Entity] = []
        timers: list[Timer] = []
        for node in self._nodes:
            timers += node._timers
            wanted += node._subscriptions
            wanted += node._services
            wanted += node._clients
            wanted += node._guards
            wanted += node._waitables
        self._timers = [timer for timer in timers if not timer._destroyed]
        self._blocked = {entity for entity in self._blocked if not self._unblocks(entity)}
        keep = {entity for entity in wanted if not entity._destroyed}
        for entity in [entity for entity in self._attached if entity not in keep]:
            number, conditions = self._attached.pop(entity)
            self._blocked.discard(entity)
            for which, condition in enumerate(conditions):
                self._numbers.pop(number + which, None)
                self._waitset.detach(condition)
        for entity in wanted:
            if entity in keep and entity not in self._attached:
                number, conditions = self._next_number, entity._conditions()
                self._next_number += len(conditions)
                self._attached[entity] = (number, conditions)
                for which, condition in enumerate(conditions):
                    self._numbers[number + which] = (entity, which)
                    self._waitset.attach(condition, number + which)

    def _unblocks(self, entity: Entity) -> bool:
        if entity in self._attached and not entity._destroyed:
            if not entity.callback_group.can_execute(entity):
                return False
            number, conditions = self._attached[entity]
            for which, condition in enumerate(conditions):
                self._waitset.attach(condition, number + which)
        return True

    def _block(self, entity: Entity) -> None:
        """Do not wait for an entity until its group is free. The lock is held."""
        if isinstance(entity, Timer):
            self._timer_blocked = True
        elif entity in self._attached:
            self._blocked.add(entity)
            for condition in self._attached[entity][1]:
                self._waitset.detach(condition)

    # --- running ---

    def _run(self, entity: Entity, work: Work) -> None:
        _current.executor = self
        try:
            result = work()
        except BaseException:
            self._finish(entity)
            raise
        finally:
            _current.executor = None
        if inspect.iscoroutine(result):
            task = Task(result, executor=self)
            task._on_end = lambda: self._finish(entity)
            with self._lock:
                self._kept.add(task)
            self._step(task)
        else:
            self._finish(entity)

    def _run_task(self, task: Task) -> None:
        _current.executor = self
        try:
            self._step(task)
        finally:
            _current.executor = None
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _step(self, task: Task) -> None:
        task()
        if task._done:
            with self._lock:
                self._kept.discard(task)
            # An exception ends spinning, as upstream's does; that of a task handed in stays in its future too.
            exception = task.exception() if task._exception is not None else None
            if exception is not None:
                raise exception

    def _finish(self, entity: Entity) -> None:
        with self._idle:
            entity.callback_group.ending_execution(entity)
            self._running -= 1
            self._idle.notify_all()
            if self._blocked:
                self._dirty = True
            elif not self._timer_blocked:
                return
        self.wake()


_current = threading.local()


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
        self._pool = _Pool(num_threads)
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

    def _guarded(self, job: _Job) -> None:
        try:
            job()
        except BaseException as error:
            self._errors.append(error)
            self.wake()

    def _close(self) -> None:
        super()._close()
        self._pool.close()


class _Pool:
    """Threads that run jobs. Unlike concurrent.futures' they do not keep a process from ending for ever."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._lock = threading.Lock()
        _pools.add(self)

    def submit(self, job: _Job) -> None:
        with self._lock:
            if self._idle == 0 and len(self._threads) < self._size:
                thread = threading.Thread(target=self._work, name="rclpy worker", daemon=True)
                self._threads.append(thread)
                thread.start()
            else:
                self._idle -= 1
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job()
            with self._lock:
                self._idle += 1

    def close(self, timeout_s: float = 0.0) -> bool:
        """Let the threads end; with a time limit, wait for them and say whether they have."""
        with self._lock:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        deadline = time.monotonic() + timeout_s
        for thread in threads:
            if timeout_s > 0 and thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)


_pools: weakref.WeakSet[_Pool] = weakref.WeakSet()
_EXIT_PATIENCE_S = 5.0


@atexit.register
def _end_pools() -> None:
    for pool in list(_pools):
        if not pool.close(_EXIT_PATIENCE_S):
            from rclpy.logging import get_logger

            get_logger("rclpy").error(
                f"a callback was still running {_EXIT_PATIENCE_S:.0f} s after the end of the program; it is cut off"
            )
