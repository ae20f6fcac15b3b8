"""Log handlers that can format the records of each logger in its own way."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import TextIO


class _PerLoggerFormatting(logging.Handler):
    """Adds formatters that hold for one logger only."""

    def setFormatterFor(self, logger: logging.Logger | str, formatter: logging.Formatter) -> None:
        """Set the formatter of the records of one logger."""
        self.__formatters()[logger if isinstance(logger, str) else logger.name] = formatter

    def unsetFormatterFor(self, logger: logging.Logger | str) -> None:
        """Take it away again."""
        self.__formatters().pop(logger if isinstance(logger, str) else logger.name, None)

    def __formatters(self) -> dict[str, logging.Formatter]:
        formatters: dict[str, logging.Formatter] = self.__dict__.setdefault("_formatters", {})
        return formatters

    def format(self, record: logging.LogRecord) -> str:
        """Format a record as its logger asks, or as the handler does."""
        formatter = self.__formatters().get(record.name)
        return formatter.format(record) if formatter is not None else super().format(record)


class StreamHandler(_PerLoggerFormatting, logging.StreamHandler):
    """Writes to a stream."""


class FileHandler(_PerLoggerFormatting, logging.FileHandler):
    """Writes to a file."""


class ScreenHandler(StreamHandler):
    """Writes to whatever standard output is at the time.

    Characters that its encoding lacks are replaced, and a reader that went away (`| head`, a closed terminal) is no
    error: the processes and their log files go on, so the first failure is the last attempt.
    """

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.__gone = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        if self.__gone:
            return
        stream: TextIO = sys.stdout
        text = self.format(record)
        encoding = getattr(stream, "encoding", None) or "utf-8"
        try:
            stream.write(text.encode(encoding, "replace").decode(encoding, "replace") + self.terminator)
            stream.flush()
        except (BrokenPipeError, OSError):
            self.__gone = True
            # Else the interpreter complains at exit, when it flushes what is left.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        except ValueError:
            self.handleError(record)


class LazyFileHandler(_PerLoggerFormatting, logging.FileHandler):
    """Opens its file, and the folder above, with the first record: what logs nothing leaves nothing behind."""

    def __init__(self, path: Callable[[], str]) -> None:
        self.__path = path
        self.__broken = False
        super().__init__(os.devnull, delay=True, encoding="utf-8")

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; say once, and on standard error, when there can be no log file."""
        if self.__broken:
            return
        try:
            super().emit(record)
        except OSError as error:
            self.__broken = True
            print(f"cannot write launch logs (set ROS_LOG_DIR to choose the folder): {error}", file=sys.stderr)

    def _open(self):  # type: ignore[no-untyped-def]
        self.baseFilename = self.__path()
        return super()._open()
