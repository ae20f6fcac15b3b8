"""The pytest plugin: collects functions ``generate_test_description`` marked with ``pytest.mark.launch_test``.

Every run of pytest loads this, so it imports nothing of launch before there is such a function.
"""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from _pytest.pathlib import import_path

_ENTRY_POINT = "generate_test_description"


class LaunchTestFailure(Exception):
    """Raised when a test of a launch failed."""

    def __init__(self, message: str, results: Any) -> None:
        super().__init__(message)
        self.results = results

    def describe(self) -> str:
        """Return what failed, and how."""
        failures = [
            (case.id(), text)
            for result in self.results.values()
            if not result.wasSuccessful()
            for case, text in result.errors + result.failures
        ]
        return "\n\n".join(f"FAIL: {name}\n{text}" for name, text in failures)


class LaunchTestItem(pytest.Item):
    """All tests of a module with a launch description."""

    module: ModuleType

    def make_runner(self, arguments: list[str]) -> Any:
        """Return what runs the tests. For subclasses."""
        from ..loader import LoadTestsFromPythonModule
        from ..test_runner import LaunchTestRunner

        return LaunchTestRunner(
            test_runs=LoadTestsFromPythonModule(self.module, name=self.module.__name__),
            launch_file_arguments=arguments,
            debug=self.config.getoption("verbose") > 0,
        )

    def runtest(self) -> None:
        """Launch and test."""
        arguments = [argument for group in self.config.getoption("--launch-args") for argument in group]
        runner = self.make_runner(arguments)
        runner.validate()
        results = runner.run()
        if not all(result.wasSuccessful() for result in results.values()):
            raise LaunchTestFailure("some test cases have failed", results)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Show what failed."""
        if isinstance(excinfo.value, LaunchTestFailure):
            return excinfo.value.describe()
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[pathlib.Path, int, str]:
        """Return where the tests are."""
        return self.path, 0, f"launch tests: {self.name}"


class LaunchTestModule(pytest.File):
    """A module with a launch description."""

    item_class: type[LaunchTestItem] = LaunchTestItem

    def collect(self) -> Iterator[LaunchTestItem]:
        """Return the one item."""
        module = _import(self.path, self.config)
        item = self.item_class.from_parent(self, name=module.__name__.rpartition(".")[2])
        item.module = module
        yield item


def _import(path: pathlib.Path, config: pytest.Config | None) -> ModuleType:
    """Import a test module as pytest itself would."""
    if config is None:
        return import_path(path, root=path.parent, consider_namespace_packages=False)
    options: dict[str, Any] = {"mode": config.getoption("importmode"), "root": config.rootpath}
    with contextlib.suppress(KeyError, ValueError):  # pytest before 8.1 has no such option
        options["consider_namespace_packages"] = config.getini("consider_namespace_packages")
    return import_path(path, **options)


def find_launch_test_entrypoint(path: pathlib.Path, config: pytest.Config | None = None) -> Any:
    """Return the function of a module, or None. Modules that do not even contain its name are not imported."""
    if _ENTRY_POINT.encode() not in path.read_bytes():
        return None
    try:
        return getattr(_import(path, config), _ENTRY_POINT, None)
    except Exception:
        return None  # pytest imports it again, and reports what is wrong


def pytest_pycollect_makemodule(module_path: pathlib.Path, parent: Any) -> Any:
    """Collect a module with a marked function; leave others to pytest."""
    entrypoint = find_launch_test_entrypoint(module_path, parent.config)
    if entrypoint is None:
        return None
    hooks = parent.session.gethookproxy(module_path)
    return hooks.pytest_launch_collect_makemodule(path=module_path, parent=parent, entrypoint=entrypoint)


@pytest.hookimpl(trylast=True)
def pytest_launch_collect_makemodule(path: pathlib.Path, parent: Any, entrypoint: Any) -> Any:
    """Collect a module whose function has the mark ``launch_test``."""
    return make_module(LaunchTestModule, "launch_test", path, parent, entrypoint)


def make_module(cls: type[LaunchTestModule], mark: str, path: pathlib.Path, parent: Any, entrypoint: Any) -> Any:
    """Make a collector that has the marks of the function, if one of them is ``mark``."""
    marks = getattr(entrypoint, "pytestmark", [])
    if not any(m.name == mark for m in marks):
        return None
    module = cls.from_parent(parent=parent, path=path)
    for m in marks:
        module.add_marker(getattr(pytest.mark, m.name).with_args(*m.args, **m.kwargs))
    return module


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add this plugin's own hooks."""
    from . import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for launch arguments."""
    parser.addoption("--launch-args", action="append", nargs="*", default=[], help="One or more Launch test arguments")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line(
        "markers", "launch_test: mark a generate_test_description function as a launch test entrypoint"
    )
