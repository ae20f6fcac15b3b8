"""Run launch tests."""

from __future__ import annotations

import inspect
import threading
import unittest
from collections.abc import Iterable
from typing import Any

from launch.actions import IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit, OnProcessIO, OnProcessStart
from launch.launch_description_entity import LaunchDescriptionEntity

from launch import LaunchDescription, LaunchDescriptionSource, LaunchService

from .io_handler import ActiveIoHandler
from .loader import TestRun
from .parse_arguments import parse_launch_arguments
from .proc_info_handler import ActiveProcInfoHandler
from .test_result import FailResult, SkipResult, TestResult


class _LaunchDiedError(Exception):
    """Raised when the processes ended before the tests did."""


class _RunnerWorker:
    """Launches one run in this thread, and tests it in another."""

    def __init__(
        self,
        test_run: TestRun,
        preamble: list[LaunchDescriptionEntity],
        launch_file_arguments: Iterable[str],
        debug: bool,
    ) -> None:
        self._test_run = test_run
        self._preamble = preamble
        self._arguments = parse_launch_arguments(launch_file_arguments)
        self._launch_service = LaunchService(debug=debug)
        self._ready = threading.Event()
        self._proc_info = ActiveProcInfoHandler()
        self._proc_output = ActiveIoHandler()
        self._results: TestResult | None = None

    def run(self) -> TestResult:
        """Run the tests.

        Raises:
            _LaunchDiedError: the processes ended before the tests did, or never came up.
        """
        description, context = self._test_run.normalized_test_description(ready_fn=self._ready.set)
        self._bind(context)
        self._launch_service.include_launch_description(self._complete(description))
        thread = threading.Thread(target=self._run_tests, name="test_runner_thread", daemon=True)
        thread.start()
        self._launch_service.run(shutdown_when_idle=not self._test_run.markers.get("keep_alive", False))
        if self._results is None:
            print("Processes under test stopped before tests completed")
            self._print_output_of_failed_processes()
            raise _LaunchDiedError
        self._results.append(_run_suite(self._test_run.post_shutdown_tests))
        return self._results

    def _bind(self, context: dict[str, Any]) -> None:
        context = {**context, **self._test_run.param_args}
        during = {
            "launch_service": self._launch_service,
            "proc_info": self._proc_info,
            "proc_output": self._proc_output,
            "test_args": dict(self._arguments),
        }
        after = {
            "proc_info": self._proc_info._proc_info_handler,
            "proc_output": self._proc_output._io_handler,
            "test_args": dict(self._arguments),
        }
        self._test_run.bind(self._test_run.pre_shutdown_tests, during, {**context, **during})
        self._test_run.bind(self._test_run.post_shutdown_tests, after, {**context, **after})

    def _complete(self, description: LaunchDescription) -> LaunchDescription:
        """Put the handlers that note events before a launch description."""
        info, output = self._proc_info, self._proc_output
        handlers = [
            OnProcessStart(on_start=lambda event, context: info.append(event)),
            OnProcessStart(on_start=lambda event, context: output.track(event.process_name)),
            OnProcessExit(on_exit=lambda event, context: info.append(event)),
            OnProcessIO(on_stdout=lambda event: output.append(event), on_stderr=lambda event: output.append(event)),
        ]
        inclusion = IncludeLaunchDescription(
            LaunchDescriptionSource(launch_description=description), launch_arguments=self._arguments
        )
        return LaunchDescription([*self._preamble, *(RegisterEventHandler(handler) for handler in handlers), inclusion])

    def _run_tests(self) -> None:
        try:
            if self._ready.wait(self._test_run.timeout):
                self._results = _run_suite(self._test_run.pre_shutdown_tests)
            else:
                print("Timed out waiting for processes to start up")
        finally:
            self._launch_service.shutdown()

    def _print_output_of_failed_processes(self) -> None:
        for info in self._proc_info:
            code = getattr(info, "returncode", None)
            if not code:
                continue
            title = f"##### '{info.process_name}' output #####"
            print(f"Process '{info.process_name}' exited with {code}\n{title}")
            for event in self._proc_output[info.process_name]:
                print(event.text.decode(errors="replace"), end="")
            print("#" * len(title))


def _run_suite(suite: unittest.TestSuite) -> TestResult:
    result = unittest.TextTestRunner(verbosity=2, resultclass=TestResult).run(suite)
    assert isinstance(result, TestResult)
    return result


class LaunchTestRunner:
    """Runs launch tests."""

    def __init__(
        self, test_runs: list[TestRun], launch_file_arguments: Iterable[str] = (), debug: bool = False
    ) -> None:
        self._test_runs = test_runs
        self._launch_file_arguments = list(launch_file_arguments)
        self._debug = debug

    def generate_preamble(self) -> list[LaunchDescriptionEntity]:
        """Return what is put before each launch description. For subclasses."""
        return []

    def run(self) -> dict[TestRun, Any]:
        """Run them one after the other, until one cannot be run; return the results."""
        results: dict[TestRun, Any] = {}
        for run in self._test_runs:
            if len(self._test_runs) > 1:
                print(f"\nStarting test run {run}")
            try:
                worker = _RunnerWorker(run, self.generate_preamble(), self._launch_file_arguments, self._debug)
                results[run] = worker.run()
            except unittest.SkipTest as skip:
                print(f"{run} is skipped: {skip}")
                results[run] = SkipResult(run, str(skip))
            except _LaunchDiedError:
                results[run] = FailResult(run, "Launch stopped before the active tests finished.")
                break
        return results

    def validate(self) -> None:
        """Check that parameters and the arguments of ``generate_test_description`` are the same.

        Raises:
            Exception: they are not.
        """
        for run in self._test_runs:
            function = inspect.unwrap(run._test_description_function)
            wanted = [name for name in inspect.signature(function).parameters if name != "ready_fn"]
            for name in run.param_args:
                if name not in wanted:
                    raise Exception(
                        "Could not find an argument in generate_test_description matching prametrized argument "
                        f"'{name}'"
                    )
            for name in wanted:
                if name not in run.param_args:
                    raise Exception(f"generate_test_description has unexpected extra argument '{name}'")
