"""Contexts: the lifetime of ROS communication in a process, between init and shutdown."""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
import weakref
from collections.abc import Callable
from inspect import ismethod
from typing import TYPE_CHECKING, Any

from rclpy._rclpy_pybind11 import RCLError
from rclpy.exceptions import NotInitializedException

if TYPE_CHECKING:
    from ros2_lite.arguments import RosArguments
    from ros2_lite.dds.domain import Participant
    from ros2_lite.dds.graph import Graph

_contexts: weakref.WeakSet[Context] = weakref.WeakSet()


class Context:
    """One initialised use of ROS; joins the domain when its first node is made."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._callbacks: list[Any] = []
        self._interrupts: list[Callable[[], Any]] = []
        self._arguments: RosArguments | None = None
        self._domain_id = 0
        self._valid = False
        self._participant: Participant | None = None
        self._graph: Graph | None = None

    @property
    def handle(self) -> Context:
        """Return the context itself: there is no C object behind it."""
        return self

    def init(
        self, args: list[str] | None = None, *, initialize_logging: bool = True, domain_id: int | None = None
    ) -> None:
        """Start; `args` (None: sys.argv) may hold `--ros-args`, `domain_id` wins over ROS_DOMAIN_ID."""
        from ros2_lite.arguments import parse_arguments
        from ros2_lite.dds.domain import MAX_DOMAIN_ID, default_domain_id

        with self._lock:
            if domain_id is not None and domain_id < 0:
                raise RuntimeError(f"Domain id ({domain_id}) should not be lower than zero.")
            if self._arguments is not None:
                raise RuntimeError("Context.init() must only be called once")
            if domain_id is not None and domain_id > MAX_DOMAIN_ID:
                raise RCLError(f"Domain id ({domain_id}) must not be higher than {MAX_DOMAIN_ID}")
            self._domain_id = default_domain_id() if domain_id is None else domain_id
            self._arguments = parse_arguments(sys.argv if args is None else args).require_known()
            self._valid = True
        _contexts.add(self)
        if initialize_logging:
            from rclpy.impl import logging_backend

            logging_backend.configure(self._arguments)

    def ok(self) -> bool:
        """Is it initialised and not shut down?"""
        return self._valid

    def get_domain_id(self) -> int:
        """Return the number of the domain."""
        if self._arguments is None:
            raise RuntimeError("Context must be initialized before it can have a domain id")
        return self._domain_id

    def _require_arguments(self) -> RosArguments:
        if self._arguments is None:
            raise NotInitializedException()
        return self._arguments

    def _require_valid(self, what: str) -> None:
        if not self._valid:
            raise RCLError(f"{what}: the context is not valid: it was not initialised, or has been shut down")

    def _join(self) -> tuple[Participant, Graph]:
        """Return the participant and the graph; the first call joins the domain."""
        from ros2_lite.dds.domain import Participant
        from ros2_lite.dds.graph import Graph

        with self._lock:
            if not self._valid:
                raise NotInitializedException("the context has been shut down")
            if self._participant is None or self._graph is None:
                self._participant = Participant(self._domain_id, self._require_arguments().enclave)
                self._graph = Graph(self._participant)
            return self._participant, self._graph

    def _leave(self) -> None:
        with self._lock:
            graph, self._graph = self._graph, None
            participant, self._participant = self._participant, None
        if graph is not None:
            graph.close()
        if participant is not None:
            participant.close()

    def _interrupt(self) -> None:
        """End it from a signal: spinning and sleeping stop. No entity is touched; shutdown or exit does that."""
        self._valid = False
        for wake in list(self._interrupts):
            wake()
        graph = self._graph
        if graph is not None:
            graph.notify()

    def _add_interrupt(self, wake: Callable[[], Any]) -> None:
        """Call `wake` when a signal ends the context."""
        self._interrupts.append(wake)

    def _remove_interrupt(self, wake: Callable[[], Any]) -> None:
        with contextlib.suppress(ValueError):
            self._interrupts.remove(wake)

    def _run_shutdown(self) -> None:
        self._interrupt()
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
        for reference in callbacks:
            callback = reference() if isinstance(reference, weakref.WeakMethod) else reference
            if callback is not None:
                callback()
        self._leave()

    def shutdown(self) -> None:
        """End it; RCLError where it has ended already."""
        if self._arguments is None:
            raise RuntimeError("Context must be initialized before it can be shutdown")
        if not self._valid:
            self._leave()
            raise RCLError("failed to shutdown: rcl_shutdown already called on the given context")
        self._run_shutdown()

    def try_shutdown(self) -> None:
        """End it where it has not ended."""
        if self._arguments is None:
            return
        if self._valid:
            self._run_shutdown()
        else:
            self._leave()

    def destroy(self) -> None:
        """Let go of everything it holds in the domain."""
        self._leave()

    def on_shutdown(self, callback: Callable[[], Any]) -> None:
        """Call `callback` at shutdown; at once where that has been."""
        if not callable(callback):
            raise TypeError("callback should be a callable, got {}", type(callback))
        with self._lock:
            if self._arguments is None or self._valid:
                reference = weakref.WeakMethod(callback) if ismethod(callback) else callback
                self._callbacks.append(reference)
                return
        callback()

    def __enter__(self) -> Context:
        self.init()
        return self

    def __exit__(self, *exc: object) -> None:
        self.try_shutdown()


def interrupt_all() -> None:
    """End every running context, as a signal does."""
    for context in list(_contexts):
        if context._valid:
            context._interrupt()


@atexit.register
def _leave_at_exit() -> None:
    # The other participants learn at once, not after the lease, that this process has gone. Threads that still spin are
    # not woken: they end with the interpreter.
    from ros2_lite.dds import endpoints

    endpoints.exiting = True
    for context in list(_contexts):
        context._leave()
