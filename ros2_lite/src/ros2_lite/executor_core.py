"""The core of an executor: it knows what there is to wait for, waits, and runs what is ready.

The wait is one `dds_waitset_wait` on a set that stays as it is between waits: entities are attached when a node is
added or changes, not at each turn. An entity whose group is busy is taken out until the group is free, so that data
it cannot handle yet does not keep the thread awake.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from rclpy.task import Task
from rclpy.timer import Timer

from ros2_lite.dds.waitset import GuardCondition, WaitSet
from ros2_lite.entity import Entity, Work

if TYPE_CHECKING:
    from rclpy.node import Node


Job = Callable[[], None]
_current = threading.local()


class ExecutorCore:
    """What executors share, whatever thread they run callbacks in."""

    def __init__(self) -> None:
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

    def wake(self) -> None:
        """Make the waiting thread look around: something may have changed."""
        self._guard.trigger()

    def _entities_changed(self) -> None:
        with self._lock:
            self._dirty = True
        self.wake()

    def _schedule(self, task: Task, later: bool = False) -> None:
        with self._lock:
            if later:
                self._later.append(task)
            else:
                self._tasks.append(task)
            self._kept.add(task)
        self.wake()

    def _pop(self) -> Job | None:
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

    def _is_running_here(self) -> bool:
        """Is this thread in one of its callbacks?"""
        return getattr(_current, "executor", None) is self

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
