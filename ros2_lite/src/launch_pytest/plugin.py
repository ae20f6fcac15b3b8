"""The pytest plugin: runs tests marked with ``pytest.mark.launch(fixture=...)`` beside a launch.

Functions run in a thread of their own, coroutines in the launch's event loop. ``shutdown=True`` has a test run after
the launch. A generator runs until its yield beside the launch and goes on after it.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest


class LaunchTestWarning(pytest.PytestWarning):
    """Given for a mark that lacks its fixture."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line(
        "markers", "launch: mark the test as a launch test, it will be run using the specified launch_pad."
    )


# The fixtures, made when first asked for: every run of pytest loads this module, and few need launch.


@pytest.fixture
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Event loop of the launch."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.fixture
def launch_service(event_loop: asyncio.AbstractEventLoop) -> Iterator[Any]:
    """Launch service."""
    import launch

    from .fixture import finalize_launch_service

    service = launch.LaunchService()
    yield service
    finalize_launch_service(service, "When tearing down launch_service fixture")


@pytest.fixture
def launch_context(launch_service: Any) -> Any:
    """Launch context."""
    return launch_service.context


# The launch, as a fixture


def _ready_action(description: Any) -> Any:
    from launch_testing.actions import ReadyToTest
    from launch_testing.loader import _ready_actions

    found = list(_ready_actions(description.entities))
    if len(found) > 1:
        raise RuntimeError(
            "launch_pytest fixtures must return a LaunchDescription containing only one ReadyToTest action"
        )
    if not found:
        found = [ReadyToTest()]
        description.add_action(found[0])
    return found[0]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[Any]:
    """Start the launch that a fixture describes, and wait until it is ready."""
    options = getattr(fixturedef.func, "_launch_pytest_options", None)
    if options is None:
        return (yield)
    service = request.getfixturevalue("launch_service")
    loop = request.getfixturevalue("event_loop")
    value = yield
    _start(fixturedef, value, options, service, loop)
    return value


def _start(fixturedef: Any, value: Any, options: dict[str, Any], service: Any, loop: Any) -> None:
    import launch

    from .fixture import finalize_launch_service

    prefix = f"When running launch_pytest fixture '{fixturedef.func.__name__}':"
    description = value[0] if isinstance(value, Sequence) and value else value
    assert isinstance(description, launch.LaunchDescription), (
        f"{prefix} return value must be either a launch description or a sequence which first item is a launch "
        "description"
    )
    ready = _ready_action(description)
    service.include_launch_description(description)
    fixturedef.addfinalizer(functools.partial(finalize_launch_service, service, prefix, options["auto_shutdown"]))

    async def start() -> None:
        is_ready = asyncio.Event()
        ready._add_callback(is_ready.set)
        task = loop.create_task(service.run_async(shutdown_when_idle=options["shutdown_when_idle"]))
        waiting = loop.create_task(is_ready.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not is_ready.is_set():
            waiting.cancel()
            raise RuntimeError(f"{prefix} the launch ended with {task.result()} before it was ready")

    loop.run_until_complete(start())


# The tests


def _mark_of(item: Any) -> Any:
    return item.get_closest_marker("launch")


def _options_of(item: Any) -> dict[str, Any]:
    """Return the options of the launch fixture of a test."""
    fixture = _mark_of(item).kwargs["fixture"]
    function = getattr(fixture, "_fixture_function", None) or inspect.unwrap(fixture)
    options: dict[str, Any] = getattr(function, "_launch_pytest_options", {})
    return options


def _is_generator(function: Any) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: Any, name: str, obj: Any) -> Any:
    """Collect marked tests: coroutines and generators are not pytest's own kinds."""
    if not inspect.isfunction(obj) or not collector.funcnamefilter(name):
        return None
    marks = [mark for mark in getattr(obj, "pytestmark", []) if mark.name == "launch"]
    mark = marks[0] if marks else collector.get_closest_marker("launch")
    if mark is None:
        return None
    fixture = mark.kwargs.get("fixture")
    if fixture is None:
        return _skipped(collector, name, obj)
    pytest.mark.usefixtures(fixture.__name__, "launch_service", "event_loop")(obj)
    items = _make_items(collector, name, obj, mark.kwargs.get("shutdown", False))
    if items and _is_generator(obj) and _options_of(items[0]).get("scope", "function") != "function":
        # The launch goes on for other tests: the second half is an item of its own, which runs after it.
        for item, later in list(zip(items, _make_items(collector, name, obj, True), strict=True)):
            later.name = f"{later.name}[shutdown_test]"
            item._launch_pytest_second_half = later
            items.append(later)
    return items


def _make_items(collector: Any, name: str, obj: Any, after_shutdown: bool) -> list[Any]:
    items = list(collector._genfunctions(name, obj))
    for item in items:
        item._launch_pytest_after_shutdown = after_shutdown
    return items


def _skipped(collector: Any, name: str, obj: Any) -> list[Any]:
    message = '"fixture" keyword argument is required in a pytest.mark.launch() decorator'
    items = list(collector._genfunctions(name, obj))
    for item in items:
        item.warn(LaunchTestWarning(message))
        item.add_marker(pytest.mark.skip(message))
    return items


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Put the tests that run after a launch behind those that run beside it."""
    groups: dict[Any, list[int]] = {}
    for position, item in enumerate(items):
        mark = _mark_of(item) if isinstance(item, pytest.Function) else None
        if mark is None or mark.kwargs.get("fixture") is None:
            continue
        if _options_of(item).get("scope", "function") != "function":
            name = mark.kwargs["fixture"].__name__
            parameter = item.callspec.params.get(name) if hasattr(item, "callspec") else None
            groups.setdefault((item.module.__name__, name, repr(parameter)), []).append(position)
    for positions in groups.values():
        ordered = sorted(
            (items[position] for position in positions), key=lambda item: item._launch_pytest_after_shutdown
        )
        for position, item in zip(positions, ordered, strict=True):
            items[position] = item


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Iterator[Any]:
    """Run a marked test in the right place and at the right time."""
    mark = _mark_of(pyfuncitem)
    if mark is None or mark.kwargs.get("fixture") is None:
        return (yield)
    if getattr(pyfuncitem, "_launch_pytest_is_second_half", False):
        return (yield)
    from .fixture import finalize_launch_service

    function, options = pyfuncitem.obj, _options_of(pyfuncitem)
    loop, service = pyfuncitem.funcargs["event_loop"], pyfuncitem.funcargs["launch_service"]
    end_launch = functools.partial(
        finalize_launch_service,
        service,
        f"When running test {function.__name__}",
        options.get("auto_shutdown", True),
    )
    if _is_generator(function):
        if mark.kwargs.get("shutdown", False):
            pytest.fail("generator or async generator based launch test items cannot be marked with shutdown=True")
        later = getattr(pyfuncitem, "_launch_pytest_second_half", None)
        if later is None and pyfuncitem._launch_pytest_after_shutdown:
            pytest.skip("shutdown test skipped because the test failed before")
        pyfuncitem.obj = _run_generator(function, loop, end_launch, later)
    else:
        before = end_launch if pyfuncitem._launch_pytest_after_shutdown else None
        pyfuncitem.obj = _run_function(function, loop, before)
    return (yield)


def _call(loop: Any, function: Callable[..., Any], **kwargs: Any) -> Any:
    """Call a function in another thread, or a coroutine function in the loop."""
    if inspect.iscoroutinefunction(function):
        return loop.run_until_complete(function(**kwargs))
    return loop.run_until_complete(loop.run_in_executor(None, functools.partial(function, **kwargs)))


def _run_function(function: Callable[..., Any], loop: Any, before: Callable[[], None] | None) -> Callable[..., None]:
    @functools.wraps(function)
    def run(**kwargs: Any) -> None:
        if before is not None:
            before()
        _call(loop, function, **kwargs)

    return _plain(run)


def _run_generator(
    function: Callable[..., Any], loop: Any, end_launch: Callable[[], None], later: Any
) -> Callable[..., None]:
    def run(**kwargs: Any) -> None:
        generator = function(**kwargs)

        def advance() -> bool:
            """Run to the next yield; return False at the end."""
            try:
                if inspect.isasyncgen(generator):
                    loop.run_until_complete(generator.__anext__())
                else:
                    # StopIteration cannot pass through a future.
                    done = object()
                    return _call(loop, lambda: next(generator, done)) is not done
            except StopAsyncIteration:
                return False
            return True

        advance()

        def finish(**kwargs: Any) -> None:
            end_launch()
            if advance():
                pytest.fail("launch tests using a generator must stop iteration after yielding once", pytrace=False)

        if later is None:
            finish()
        else:
            later.obj = finish
            later._launch_pytest_is_second_half = True

    return run


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Hide that a coroutine function was wrapped, which pytest would refuse."""
    del function.__wrapped__  # type: ignore[attr-defined]
    return function
