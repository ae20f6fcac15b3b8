"""The output of a process: logged line by line, and kept where that is asked for."""

from __future__ import annotations

import codecs
import logging
from typing import Any


class _Lines:
    """Cuts what a process writes into lines."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self.everything = ""

    def feed(self, data: bytes, keep: bool) -> list[str]:
        """Return the lines that are complete now."""
        text = self._decoder.decode(data)
        if keep:
            self.everything += text
        *lines, self._rest = (self._rest + text).split("\n")
        return lines

    def flush(self) -> list[str]:
        """Return the unfinished last line, if any."""
        rest = self._rest + self._decoder.decode(b"", final=True)
        self._rest = ""
        self._decoder.reset()
        return [rest] if rest else []


class ProcessOutput:
    """What one action's process writes to standard output (1) and standard error (2)."""

    def __init__(self, line_format: str, keep: bool, action: Any) -> None:
        """Log with `line_format`, in which ``line`` and ``this`` (the action) are filled in."""
        self._format = line_format
        self._keep = keep
        self._action = action
        self._lines = {1: _Lines(), 2: _Lines()}
        self._loggers: dict[int, logging.Logger] = {}

    def log_to(self, stdout: logging.Logger, stderr: logging.Logger) -> None:
        """Choose the loggers."""
        self._loggers = {1: stdout, 2: stderr}

    def feed(self, fd: int, data: bytes) -> None:
        """Log the lines that are complete now."""
        self._log(fd, self._lines[fd].feed(data, self._keep))

    def flush(self) -> None:
        """Log the last lines, which no end of line follows."""
        for fd, lines in self._lines.items():
            self._log(fd, lines.flush())

    def _log(self, fd: int, lines: list[str]) -> None:
        for line in lines:
            self._loggers[fd].info(self._format.format(line=line, this=self._action))

    def everything(self, fd: int, name: object) -> str:
        """Return all that the process `name` has written.

        Raises:
            RuntimeError: it was not kept.
        """
        if not self._keep:
            raise RuntimeError(
                f"cached output must be true to be able to get {'stdout' if fd == 1 else 'stderr'}, proc '{name}'"
            )
        return self._lines[fd].everything
