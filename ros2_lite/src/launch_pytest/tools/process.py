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


def _holds(validate: _Validate, get: Callable[[], str]) -> bool:
    try:
        validate(get())
    except AssertionError:
        return False
    return True


async def wait_for_start(context: LaunchContext, action: ExecuteLocal, timeout: float | None = None) -> bool:
    """Wait until a process starts; return whether it did in time."""
    return await _wait(context, action, _on_start, timeout)


def wait_for_start_sync(context: LaunchContext, action: ExecuteLocal, timeout: float | None = None) -> bool:
    """Wait until a process starts; return whether it did in time."""
    return _wait_sync(context, action, _on_start, timeout)


async def wait_for_exit(context: LaunchContext, action: ExecuteLocal, timeout: float | None = None) -> bool:
    """Wait until a process ends; return whether it did in time."""
    return await _wait(context, action, _on_exit, timeout)


def wait_for_exit_sync(context: LaunchContext, action: ExecuteLocal, timeout: float | None = None) -> bool:
    """Wait until a process ends; return whether it did in time."""
    return _wait_sync(context, action, _on_exit, timeout)


async def wait_for_output(
    context: LaunchContext, action: ExecuteLocal, validate_output: _Validate, timeout: float | None = None
) -> bool:
    """Wait until a function returns true for a process's standard output; return whether it did in time."""
    return await _wait(context, action, _on_stdout, timeout, lambda: validate_output(action.get_stdout()))


def wait_for_output_sync(
    context: LaunchContext, action: ExecuteLocal, validate_output: _Validate, timeout: float | None = None
) -> bool:
    """Wait until a function returns true for a process's standard output; return whether it did in time."""
    return _wait_sync(context, action, _on_stdout, timeout, lambda: validate_output(action.get_stdout()))


async def wait_for_stderr(
    context: LaunchContext, action: ExecuteLocal, validate_output: _Validate, timeout: float | None = None
) -> bool:
    """Wait until a function returns true for a process's standard error; return whether it did in time."""
    return await _wait(context, action, _on_stderr, timeout, lambda: validate_output(action.get_stderr()))


def wait_for_stderr_sync(
    context: LaunchContext, action: ExecuteLocal, validate_output: _Validate, timeout: float | None = None
) -> bool:
    """Wait until a function returns true for a process's standard error; return whether it did in time."""
    return _wait_sync(context, action, _on_stderr, timeout, lambda: validate_output(action.get_stderr()))


async def assert_output(
    context: LaunchContext, action: ExecuteLocal, validate_output: _Validate, timeout: float | None = None
) -> None:
    """Wait until the assertions of a function hold for a process's standard output; raise those that do not."""
    get = action.get_stdout
    if not await _wait(context, action, _on_stdout, timeout, lambda: _holds(validate_output, get)):
        validate_output(get())


def assert_output_sync(
    context: LaunchContext, action: ExecuteLocal, validate_output: _Validate, timeout: float | None = None
) -> None:
    """Wait until the assertions of a function hold for a process's standard output; raise those that do not."""
    get = action.get_stdout
    if not _wait_sync(context, action, _on_stdout, timeout, lambda: _holds(validate_output, get)):
        validate_output(get())


async def assert_stderr(
    context: LaunchContext, action: ExecuteLocal, validate_output: _Validate, timeout: float | None = None
) -> None:
    """Wait until the assertions of a function hold for a process's standard error; raise those that do not."""
    get = action.get_stderr
    if not await _wait(context, action, _on_stderr, timeout, lambda: _holds(validate_output, get)):
        validate_output(get())


def assert_stderr_sync(
    context: LaunchContext, action: ExecuteLocal, validate_output: _Validate, timeout: float | None = None
) -> None:
    """Wait until the assertions of a function hold for a process's standard error; raise those that do not."""
    get = action.get_stderr
    if not _wait_sync(context, action, _on_stderr, timeout, lambda: _holds(validate_output, get)):
        validate_output(get())
