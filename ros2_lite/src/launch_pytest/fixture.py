"""Fixtures whose value is a launch description, which runs while they live."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import launch

# In this order the wider scopes come later.
SCOPES = ("function", "class", "module", "package", "session")


def finalize_launch_service(
    launch_service: launch.LaunchService, eprefix: str = "", auto_shutdown: bool = True
) -> None:
    """End a launch and check that it ended well."""
    loop, task = launch_service.event_loop, launch_service.task
    if auto_shutdown:
        launch_service.shutdown(force_sync=True)
    if loop is not None and task is not None and not loop.is_closed():
        code = loop.run_until_complete(task)
        assert code == 0, f"{eprefix} launch service failed when finishing, return code '{code}'"


def make_event_loop_fixture(scope: Any = "function") -> Any:
    """Make the fixture of the event loop that launch and coroutines run in."""

    @pytest.fixture(scope=scope)
    def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
        loop = asyncio.new_event_loop()
        yield loop
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    return event_loop


def make_launch_service_fixture(scope: Any = "function") -> Any:
    """Make the fixture of the launch service."""

    @pytest.fixture(scope=scope)
    def launch_service(event_loop: asyncio.AbstractEventLoop) -> Iterator[launch.LaunchService]:
        service = launch.LaunchService()
        yield service
        finalize_launch_service(service, "When tearing down launch_service fixture")

    return launch_service


def make_launch_context_fixture(scope: Any = "function") -> Any:
    """Make the fixture of the launch context."""

    @pytest.fixture(scope=scope)
    def launch_context(launch_service: launch.LaunchService) -> launch.LaunchContext:
        return launch_service.context

    return launch_context


_MAKERS = {
    "event_loop": make_event_loop_fixture,
    "launch_service": make_launch_service_fixture,
    "launch_context": make_launch_context_fixture,
}


def fixture(
    decorated: Callable[..., Any] | None = None,
    *args: Any,
    shutdown_when_idle: bool = True,
    auto_shutdown: bool = True,
    **kwargs: Any,
) -> Any:
    """Make a fixture of a function that returns a launch description, or a sequence that begins with one.

    Args:
        decorated: the function.
        args: for pytest.fixture().
        shutdown_when_idle: end the launch when nothing is left to do.
        auto_shutdown: end the launch for the tests that come after it; else wait for it to end by itself.
        kwargs: for pytest.fixture().
    """
    scope = kwargs.get("scope", "function")
    if scope != "function":
        # Service and loop must live as long: the module that is being defined gets wider fixtures of these names.
        module = inspect.stack()[1].frame.f_globals
        scopes = module.setdefault("_launch_pytest_scopes", {})
        for name, make in _MAKERS.items():
            if name in module and name not in scopes:
                continue  # the module has its own
            if SCOPES.index(scope) > SCOPES.index(scopes.get(name, "function")):
                module[name], scopes[name] = make(scope), scope

    def decorator(function: Callable[..., Any]) -> Any:
        function._launch_pytest_options = {  # type: ignore[attr-defined]
            "shutdown_when_idle": shutdown_when_idle,
            "auto_shutdown": auto_shutdown,
            "scope": scope,
        }
        return pytest.fixture(*args, **kwargs)(function)

    return decorator if decorated is None else decorator(decorated)
