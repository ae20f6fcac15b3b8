"""Load launch tests from a module."""

from __future__ import annotations

import functools
import inspect
import unittest
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

from launch.launch_description_entity import LaunchDescriptionEntity

from launch import LaunchDescription

from .actions import ReadyToTest

DEFAULT_READY_TIMEOUT_S = 15


def _ready_actions(entities: Iterable[LaunchDescriptionEntity]) -> Iterator[ReadyToTest]:
    for entity in entities:
        if isinstance(entity, ReadyToTest):
            yield entity
        yield from _ready_actions(entity.describe_sub_entities())
        for _, sub_entities in entity.describe_conditional_sub_entities():
            yield from _ready_actions(sub_entities)


class TestRun:
    """One launch, with the tests during it and after it."""

    __test__ = False  # not a test case for pytest

    def __init__(
        self,
        name: str,
        test_description_function: Callable[..., Any],
        param_args: dict[str, Any],
        pre_shutdown_tests: unittest.TestSuite,
        post_shutdown_tests: unittest.TestSuite,
    ) -> None:
        self.name = name
        self.param_args = param_args
        self.pre_shutdown_tests = pre_shutdown_tests
        self.post_shutdown_tests = post_shutdown_tests
        self._test_description_function = test_description_function
        self.timeout = getattr(test_description_function, "__ready_to_test_action_timeout__", DEFAULT_READY_TIMEOUT_S)
        if param_args:
            # With the parameters in their names, a report tells the runs apart.
            for case in self.all_cases():
                method = getattr(case, case._testMethodName)
                case._testMethodName += self._format_params()
                setattr(case, case._testMethodName, method)
        for suite in (*_suites(pre_shutdown_tests), *_suites(post_shutdown_tests)):
            # A suite forgets its tests when they have run, but a report names them afterwards.
            suite._removeTestAtIndex = lambda index: None  # type: ignore[attr-defined]

    @property
    def markers(self) -> dict[str, Any]:
        """Marks of the test description."""
        markers: dict[str, Any] = getattr(self._test_description_function, "__markers__", {})
        return markers

    def normalized_test_description(self, ready_fn: Callable[[], object]) -> tuple[LaunchDescription, dict[str, Any]]:
        """Return the launch description and the context for the tests.

        Args:
            ready_fn: called when the tests may begin.
        """
        function = self._test_description_function
        # The older way to say so, for descriptions without a ReadyToTest action.
        wants_function = "ready_fn" in inspect.signature(function).parameters
        result = function(ready_fn=ready_fn) if wants_function else function()
        description, context = result if isinstance(result, tuple) else (result, {})
        ready = next(_ready_actions(description.entities), None)
        if ready is None:
            raise Exception(
                "generate_test_description functions must return a LaunchDescription containing a ReadyToTest action"
            )
        ready._add_callback(ready_fn)
        return description, context

    def get_launch_description(self) -> LaunchDescription:
        """Return the launch description only."""
        return self.normalized_test_description(ready_fn=lambda: None)[0]

    def bind(
        self,
        tests: unittest.TestSuite,
        injected_attributes: Mapping[str, Any] = MappingProxyType({}),
        injected_args: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Give tests what they ask for by the names of their arguments."""
        for case in _cases(tests):
            for name in (case._testMethodName, "setUp", "tearDown"):
                setattr(case, name, _bind_arguments(getattr(case, name), injected_args))
        for cls in {type(case): None for case in _cases(tests)}:
            for name, value in injected_attributes.items():
                setattr(cls, name, _attribute(name, value))
            for name in ("setUpClass", "tearDownClass"):
                setattr(cls, name, _bind_arguments(getattr(cls, name), injected_args))

    def all_cases(self) -> Iterator[Any]:
        """Return all tests."""
        yield from _cases(self.pre_shutdown_tests)
        yield from _cases(self.post_shutdown_tests)

    def __str__(self) -> str:
        return self.name + self._format_params()

    def _format_params(self) -> str:
        return f"[{', '.join(map(str, self.param_args.values()))}]" if self.param_args else ""


def LoadTestsFromPythonModule(module: ModuleType, *, name: str = "launch_tests") -> list[TestRun]:
    """Return the runs of a module with ``generate_test_description`` and unittest's test cases."""
    function = module.generate_test_description
    descriptions = function() if hasattr(function, "__parametrized__") else [(function, {})]
    return [
        TestRun(
            name,
            description,
            arguments,
            PreShutdownTestLoader().loadTestsFromModule(module),
            PostShutdownTestLoader().loadTestsFromModule(module),
        )
        for description, arguments in descriptions
    ]


class _Loader(unittest.TestLoader):
    """Loads the tests of one of the two kinds."""

    def __init__(self, post_shutdown: bool) -> None:
        super().__init__()
        self._post_shutdown = post_shutdown

    def loadTestsFromTestCase(self, test_case_class: type[unittest.TestCase]) -> unittest.TestSuite:
        if getattr(test_case_class, "__post_shutdown_test__", False) != self._post_shutdown:
            return unittest.TestSuite()
        # A class of its own for each run, because the run's objects become attributes of it.
        own = type(test_case_class.__name__, (test_case_class,), {"__module__": test_case_class.__module__})
        return super().loadTestsFromTestCase(own)


def PreShutdownTestLoader() -> unittest.TestLoader:
    """Return a loader of the tests that run while the processes do."""
    return _Loader(False)


def PostShutdownTestLoader() -> unittest.TestLoader:
    """Return a loader of the tests that run when the processes have ended."""
    return _Loader(True)


def _bind_arguments(function: Callable[..., Any], candidates: Mapping[str, Any]) -> Callable[..., Any]:
    wanted = inspect.signature(function).parameters
    return functools.partial(function, **{k: v for k, v in candidates.items() if k in wanted})


def _attribute(name: str, value: Any) -> property:
    def get(self: Any) -> Any:
        if not getattr(self, "_warned_of_attributes", False):
            self._warned_of_attributes = True
            warnings.warn(
                f"Automatically adding attributes like self.{name} to the test class will be deprecated in a future "
                f"release.  Instead, add {name} to the test method argument list to access the test object you need",
                stacklevel=2,
            )
        return value

    return property(get)


def _suites(suite: Any) -> Iterator[unittest.TestSuite]:
    if isinstance(suite, unittest.TestSuite):
        yield suite
        for test in suite:
            yield from _suites(test)


def _cases(suite: Any) -> Iterator[Any]:
    if isinstance(suite, unittest.TestSuite):
        for test in suite:
            yield from _cases(test)
    else:
        yield suite
