"""Where log messages go: the console, in rcutils's format, and `/rosout`."""

from __future__ import annotations

import datetime
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rclpy.impl.logging_severity import LoggingSeverity

if TYPE_CHECKING:
    from ros2_lite.arguments import RosArguments

# (stamp in ns, severity, logger name, message, file, function, line)
RosoutSink = Callable[[int, int, str, str, str, str, int], None]

_DEFAULT_FORMAT = "[{severity}] [{time}] [{name}]: {message}"
_COLOURS = {10: "\033[32m", 20: "\033[0m", 30: "\033[33m", 40: "\033[31m", 50: "\033[31m"}
_NAMES = {int(level): level.name for level in LoggingSeverity}
_ESCAPES = {"a": "\a", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "x1b": "\x1b", "x1B": "\x1b"}

_lock = threading.RLock()
_levels: dict[str, int] = {"": int(LoggingSeverity.INFO)}
_effective: dict[str, int] = {}
_sinks: dict[str, list[RosoutSink]] = {}
_to_console = True
_rosout_enabled = True


def configure(arguments: RosArguments) -> None:
    """Apply `--log-level`, `--disable-stdout-logs` and `--disable-rosout-logs`."""
    global _to_console, _rosout_enabled
    with _lock:
        for name, level in arguments.log_levels:
            set_level(name, level)
        _to_console = arguments.console_logs
        _rosout_enabled = arguments.rosout_logs


def severity_from_string(text: str) -> int:
    """Return the number of a severity's name, whatever its case; ValueError where there is none."""
    try:
        return int(LoggingSeverity[text.upper()])
    except KeyError:
        raise ValueError(f"'{text}' is no severity: use debug, info, warn, error or fatal") from None


def set_level(name: str, level: int) -> None:
    """Set a logger's level; 0 makes it follow its parent again."""
    with _lock:
        _levels[name] = int(level)
        _effective.clear()


def get_level(name: str) -> int:
    """Return the level set for this very logger, 0 where none is."""
    return _levels.get(name, 0)


def effective_level(name: str) -> int:
    """Return the level that counts for a logger: its own, or its nearest ancestor's."""
    level = _effective.get(name)
    if level is not None:
        return level
    with _lock:
        ancestor = name
        while not _levels.get(ancestor) and ancestor:
            ancestor = ancestor.rpartition(".")[0]
        level = _levels.get(ancestor) or int(LoggingSeverity.INFO)
        _effective[name] = level
        return level


def add_sink(name: str, sink: RosoutSink) -> None:
    """Send what the logger `name` and its descendants log to `sink`."""
    with _lock:
        _sinks.setdefault(name, []).append(sink)


def remove_sink(name: str, sink: RosoutSink) -> None:
    """Undo add_sink."""
    with _lock:
        if sink in _sinks.get(name, []):
            _sinks[name].remove(sink)
        if not _sinks.get(name):
            _sinks.pop(name, None)


def log(severity: int, name: str, message: str, file: str, function: str, line: int) -> None:
    """Log one message that has passed its level and filters."""
    stamp = time.time_ns()
    if _to_console:
        _print(stamp, severity, name, message, file, function, line)
    if not (_rosout_enabled and _sinks):
        return
    ancestor = name
    while ancestor:
        sinks = _sinks.get(ancestor)
        if sinks:
            for sink in list(sinks):
                sink(stamp, severity, name, message, file, function, line)
            return
        ancestor = ancestor.rpartition(".")[0]


def _print(stamp: int, severity: int, name: str, message: str, file: str, function: str, line: int) -> None:
    stream = sys.stdout if os.environ.get("RCUTILS_LOGGING_USE_STDOUT") == "1" else sys.stderr
    if stream is None:
        return
    template = os.environ.get("RCUTILS_CONSOLE_OUTPUT_FORMAT") or _DEFAULT_FORMAT
    seconds, nanoseconds = divmod(stamp, 10**9)

    def token(match: re.Match[str]) -> str:
        if match[1] is not None:
            return _ESCAPES.get(match[1], match[0])
        values = {
            "severity": lambda: _NAMES.get(severity, str(severity)),
            "name": lambda: name,
            "message": lambda: message,
            "time": lambda: f"{seconds}.{nanoseconds:09d}",
            "time_as_nanoseconds": lambda: str(stamp),
            "date_time_with_ms": lambda: (
                datetime.datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M:%S") + f".{nanoseconds // 10**6:03d}"
            ),
            "file_name": lambda: file,
            "function_name": lambda: function,
            "line_number": lambda: str(line),
        }
        return values[match[2]]() if match[2] in values else match[0]

    text = re.sub(r"\\(x1[bB]|[abnrt])|\{(\w+)\}", token, template)
    colour = os.environ.get("RCUTILS_COLORIZED_OUTPUT")
    if colour == "1" or (colour != "0" and stream.isatty()):
        text = f"{_COLOURS.get(severity, '')}{text}\033[0m"
    try:
        stream.write(text + "\n")
        stream.flush()
    except (OSError, ValueError):
        pass  # nobody reads the console any more; the message still goes to /rosout


def directory() -> Path:
    """Return ROS_LOG_DIR, or log in ROS_HOME (~/.ros)."""
    chosen = os.environ.get("ROS_LOG_DIR")
    home = os.environ.get("ROS_HOME") or "~/.ros"
    return Path(chosen or Path(home) / "log").expanduser()
