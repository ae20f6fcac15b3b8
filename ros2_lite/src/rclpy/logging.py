"""Loggers and their levels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rclpy.impl import logging_backend
from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.impl.rcutils_logger import RcutilsLogger

_root_logger = RcutilsLogger()

__all__ = [
    "LoggingSeverity",
    "clear_config",
    "get_logger",
    "get_logger_effective_level",
    "get_logger_level",
    "get_logging_directory",
    "get_logging_severity_from_string",
    "initialize",
    "set_logger_level",
    "shutdown",
]


def get_logger(name: str) -> RcutilsLogger:
    """Return the logger `name`."""
    if not name:
        raise ValueError("Logger name must not be empty.")
    return _root_logger.get_child(name)


def initialize() -> None:
    """Make logging ready; it always is."""


def shutdown() -> None:
    """End logging; nothing is open."""


def clear_config() -> None:
    """End logging and start it again."""


def set_logger_level(name: str, level: LoggingSeverity | int, detailed_error: bool = False) -> None:
    """Set a logger's level."""
    del detailed_error  # upstream's C layer may fail and then explain; this cannot fail
    logging_backend.set_level(name, LoggingSeverity(level))


def get_logger_effective_level(name: str) -> LoggingSeverity:
    """Return the level that counts for a logger."""
    return LoggingSeverity(logging_backend.effective_level(name))


def get_logger_level(name: str) -> LoggingSeverity:
    """Return the level set for this very logger, UNSET where none is."""
    return LoggingSeverity(logging_backend.get_level(name))


def get_logging_severity_from_string(log_severity: str) -> LoggingSeverity:
    """Return the severity of that name; RuntimeError where there is none."""
    try:
        return LoggingSeverity(logging_backend.severity_from_string(log_severity))
    except ValueError as error:
        raise RuntimeError(str(error)) from None


def get_logging_directory() -> Path:
    """Return the directory for log files."""
    return logging_backend.directory()


def __getattr__(name: str) -> Any:
    from ros2_lite.missing import missing

    raise missing(__name__, name)
