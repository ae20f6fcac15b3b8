"""Results of launch tests."""

from __future__ import annotations

import time
import unittest
from typing import Any


class _WholeRunResult(unittest.TestResult):
    """A result that holds for all tests of a run, none of which was run."""

    @property
    def testCases(self) -> list[Any]:
        """The tests."""
        return [case for case, _ in [*self.failures, *self.skipped]]

    @property
    def testTimes(self) -> dict[Any, float]:
        """How long each took, in seconds."""
        return dict.fromkeys(self.testCases, 0.0)


class FailResult(_WholeRunResult):
    """All tests failed, because they could not be run."""

    def __init__(self, test_run: Any, message: str) -> None:
        super().__init__()
        for case in test_run.all_cases():
            self.failures.append((case, message))
            self.testsRun += 1

    def wasSuccessful(self) -> bool:
        """Return that they failed, even if there are none."""
        return False


class SkipResult(_WholeRunResult):
    """All tests were left out."""

    def __init__(self, test_run: Any, skip_reason: str = "") -> None:
        super().__init__()
        for case in test_run.all_cases():
            self.addSkip(case, skip_reason)
            self.testsRun += 1


class TestResult(unittest.TextTestResult):
    """Notes how long each test takes."""

    __test__ = False  # not a test case for pytest

    def __init__(self, stream: Any = None, descriptions: bool | None = None, verbosity: int | None = None) -> None:
        self._times: dict[Any, float] = {}
        super().__init__(stream, bool(descriptions), verbosity or 0)

    @property
    def testCases(self) -> list[Any]:
        """The tests."""
        return list(self._times)

    @property
    def testTimes(self) -> dict[Any, float]:
        """How long each took, in seconds."""
        return dict(self._times)

    def startTest(self, test: unittest.TestCase) -> None:
        """Note the start."""
        self._times[test] = -time.monotonic()
        super().startTest(test)

    def stopTest(self, test: unittest.TestCase) -> None:
        """Note the end."""
        self._times[test] += time.monotonic()
        super().stopTest(test)

    def append(self, results: TestResult) -> None:
        """Add other results."""
        self._times.update(results._times)
        self.testsRun += results.testsRun
        for name in ("failures", "errors", "skipped", "expectedFailures", "unexpectedSuccesses"):
            getattr(self, name).extend(getattr(results, name))
