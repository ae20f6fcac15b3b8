"""The pytest plugin: collects functions ``generate_test_description`` marked with ``pytest.mark.rostest``."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from launch_testing.pytest.hooks import LaunchTestItem, LaunchTestModule, make_module


class LaunchROSTestItem(LaunchTestItem):
    """All tests of a module with a launch description of ROS nodes."""

    def make_runner(self, arguments: list[str]) -> Any:
        """Return what runs the tests."""
        from launch_testing.loader import LoadTestsFromPythonModule

        from ..test_runner import LaunchTestRunner

        return LaunchTestRunner(
            test_runs=LoadTestsFromPythonModule(self.module, name=self.module.__name__),
            launch_file_arguments=arguments,
            debug=self.config.getoption("verbose") > 0,
        )


class LaunchROSTestModule(LaunchTestModule):
    """A module with a launch description of ROS nodes."""

    item_class = LaunchROSTestItem


def pytest_launch_collect_makemodule(path: pathlib.Path, parent: Any, entrypoint: Any) -> Any:
    """Collect a module whose function has the mark ``rostest``."""
    return make_module(LaunchROSTestModule, "rostest", path, parent, entrypoint)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line(
        "markers", "rostest: mark a generate_test_description function as a ROS launch test entrypoint"
    )
