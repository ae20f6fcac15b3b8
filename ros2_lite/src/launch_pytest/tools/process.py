"""Wait for processes to start, to write something, or to end.

Each function is there for coroutines, which run in the launch's event loop, and with ``_sync`` for functions, which run
in another thread. The output of a process can be waited for only if its action has ``cached_output``.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from launch.actions import ExecuteLocal
from launch.event_handler import BaseEventHandler
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart

from launch import LaunchContext

_Make = Callable[[ExecuteLocal, Callable[[], None]], BaseEventHandler]
_Validate = Callable[[str], Any]


def _on_start(action: ExecuteLocal, notify: Callable[[], None]) -> BaseEventHandler:
    return OnProcessStart(target_action=action, on_start=lambda event, context: notify())


def _on_exit(action: ExecuteLocal, notify: Callable[[], None]) -> BaseEventHandler:
    return OnProcessExit(target_action=action, on_exit=lambda event, context: notify())


def _on_stdout(action: ExecuteLocal, notify: Callable[[], None]) -> BaseEventHandler:
    return OnProcessIO(target_action=action, on_stdout=lambda event: notify())


def _on_stderr(action: ExecuteLocal, notify: Callable[[], None]) -> BaseEventHandler:
    return OnProcessIO(target_action=action, on_stderr=lambda event: notify())


@contextlib.contextmanager
def _registered(context: LaunchContext, handler: BaseEventHandler) -> Iterator[None]:
    # After those of the action itself, which keep the output.
    context.register_event_handler(handler, append=True)
    try:
        yield
    finally:
        context.unregister_event_handler(handler)


async def _wait(
    context: LaunchContext,
    action: ExecuteLocal,
    make: _Make,
    timeout: float | None,
    condition: Callable[[], Any] | None = None,
) -> bool:
    """Wait for an event, or for a condition that may come true with one."""
    happened = asyncio.Event()
    with _registered(context, make(action, happened.set)):
        try:
            async with asyncio.timeout(timeout):
                while condition is None or not condition():
                    await happened.wait()
                    happened.clear()
                    if condition is None:
                        break
        except TimeoutError:
            return False
    return True


def _wait_sync(
    context: LaunchContext,
    action: ExecuteLocal,
    make: _Make,
    timeout: float | None,
    condition: Callable[[], Any] | None = None,
) -> bool:
    """Do as `_wait`, in another thread than the launch."""
    changed = threading.Condition()
    happened = False

    def notify() -> None:
        nonlocal happened
        with changed:
            happened = True
            changed.notify_all()

    with _registered(context, make(action, notify)), changed:
        return bool(changed.wait_for(lambda: happened if condition is None else condition(), timeout))


def _holds(validate: _Validate, output: str) -> bool:
    try:
        validate(output)
    except AssertionError:
        return False
    return True


def _waits(make: _Make, what: str) -> tuple[Callable[..., Any], Callable[..., bool]]:
    """Make the two functions that wait for an event."""

    async def wait(
        launch_context: LaunchContext, execute_process_action: ExecuteLocal, timeout: float | None = None
    ) -> bool:
        return await _wait(launch_context, execute_process_action, make, timeout)

    def wait_sync(
        launch_context: LaunchContext, execute_process_action: ExecuteLocal, timeout: float | None = None
    ) -> bool:
        return _wait_sync(launch_context, execute_process_action, make, timeout)

    for function, ending in ((wait, ""), (wait_sync, "_sync")):
        function.__name__ = function.__qualname__ = f"wait_for_{what}{ending}"
        function.__doc__ = f"Wait for a process's {what}; return whether it came in time."
    return wait, wait_sync


def _output_waits(
    make: _Make, get: Callable[[ExecuteLocal], str], what: str
) -> tuple[Callable[..., Any], Callable[..., bool], Callable[..., Any], Callable[..., None]]:
    """Make the four functions that wait for output: until a function returns true, or until its assertions hold."""

    async def wait(
        launch_context: LaunchContext,
        execute_process_action: ExecuteLocal,
        validate_output: _Validate,
        timeout: float | None = None,
    ) -> bool:
        action = execute_process_action
        return await _wait(launch_context, action, make, timeout, lambda: validate_output(get(action)))

    def wait_sync(
        launch_context: LaunchContext,
        execute_process_action: ExecuteLocal,
        validate_output: _Validate,
        timeout: float | None = None,
    ) -> bool:
        action = execute_process_action
        return _wait_sync(launch_context, action, make, timeout, lambda: validate_output(get(action)))

    async def check(
        launch_context: LaunchContext,
        execute_process_action: ExecuteLocal,
        validate_output: _Validate,
        timeout: float | None = None,
    ) -> None:
        action = execute_process_action
        if not await _wait(launch_context, action, make, timeout, lambda: _holds(validate_output, get(action))):
            validate_output(get(action))

    def check_sync(
        launch_context: LaunchContext,
        execute_process_action: ExecuteLocal,
        validate_output: _Validate,
        timeout: float | None = None,
    ) -> None:
        action = execute_process_action
        if not _wait_sync(launch_context, action, make, timeout, lambda: _holds(validate_output, get(action))):
            validate_output(get(action))

    waits: Any = (wait, wait_sync)
    checks: Any = (check, check_sync)
    for (plain, asserting), ending in zip(zip(waits, checks, strict=True), ("", "_sync"), strict=True):
        plain.__name__ = plain.__qualname__ = f"wait_for_{what}{ending}"
        plain.__doc__ = f"Wait until a function returns true for a process's {what}; return whether it did in time."
        asserting.__name__ = asserting.__qualname__ = f"assert_{what}{ending}"
        asserting.__doc__ = f"Wait until a function's assertions hold for a process's {what}; raise those that do not."
    return wait, wait_sync, check, check_sync


wait_for_start, wait_for_start_sync = _waits(_on_start, "start")
wait_for_exit, wait_for_exit_sync = _waits(_on_exit, "exit")
wait_for_output, wait_for_output_sync, assert_output, assert_output_sync = _output_waits(
    _on_stdout, ExecuteLocal.get_stdout, "output"
)
wait_for_stderr, wait_for_stderr_sync, assert_stderr, assert_stderr_sync = _output_waits(
    _on_stderr, ExecuteLocal.get_stderr, "stderr"
)
