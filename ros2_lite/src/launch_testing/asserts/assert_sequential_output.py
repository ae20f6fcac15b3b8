"""Assertions about the order of output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..util import resolveProcesses


class SequentialTextChecker:
    """Looks for texts one after the other."""

    def __init__(self, output: Sequence[str]) -> None:
        self._output = "".join(output)
        self._position = 0

    def assertInText(self, msg: str) -> None:
        """Assert that a text comes after the last one that was found."""
        found = self._output.find(msg, self._position)
        assert found >= 0, (
            f"'{msg}' not found in sequence after previous match.  "
            f"The output near the last matched line:\n{self.get_nearby_lines()}"
        )
        self._position = found + len(msg)

    def assertInStdout(self, msg: str) -> None:
        """Assert that a text comes after the last one that was found."""
        self.assertInText(msg)

    def get_nearby_lines(self) -> str:
        """Return the lines around the last match."""
        lines = self._output.splitlines(keepends=True)
        line = self._output.count("\n", 0, self._position)
        return "".join(lines[max(0, line - 2) : line + 3])


@contextmanager
def assertSequentialStdout(proc_output: Any, process: Any, cmd_args: Any = None) -> Iterator[SequentialTextChecker]:
    """Make a checker of the order of a process's output."""
    found = resolveProcesses(proc_output, process=process, cmd_args=cmd_args, strict_proc_matching=True)[0]
    yield SequentialTextChecker([event.text.decode(errors="replace") for event in proc_output[found]])
