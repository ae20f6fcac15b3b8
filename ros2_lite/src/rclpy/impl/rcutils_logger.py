"""Loggers with levels and per-call filters: throttle, skip_first, once."""

from __future__ import annotations

import sys
from collections import OrderedDict
from types import CodeType, FrameType
from typing import Any

from rclpy.impl import logging_backend
from rclpy.impl.logging_severity import LoggingSeverity


class LoggingFilter:
    """Base of the filters; `params` names what a call must (None) or may pass."""

    params: dict[str, Any] = {}

    @classmethod
    def initialize_context(cls, context: dict[str, Any], **kwargs: Any) -> None:
        """Keep the parameters of a call site's first call."""
        for param, default in cls.params.items():
            context[param] = kwargs.get(param, default)
            if context[param] is None:
                raise TypeError(f'Required parameter "{param}" was not specified for logging filter "{cls.__name__}"')

    @staticmethod
    def should_log(context: dict[str, Any]) -> bool:
        """Let this call through?"""
        return True


class Once(LoggingFilter):
    """Lets the first call through."""

    params = {"once": None}

    @staticmethod
    def should_log(context: dict[str, Any]) -> bool:
        """Let this call through?"""
        first = not context.get("has_been_logged_once", False)
        context["has_been_logged_once"] = True
        return first


class Throttle(LoggingFilter):
    """Lets a call through when the last was long enough ago."""

    params: dict[str, Any] = {"throttle_duration_sec": None, "throttle_time_source_type": "default"}

    @classmethod
    def initialize_context(cls, context: dict[str, Any], **kwargs: Any) -> None:
        """Keep the parameters; the clock must be a Clock."""
        from rclpy.clock import Clock

        super().initialize_context(context, **kwargs)
        context["throttle_last_logged"] = 0
        if context["throttle_time_source_type"] == "default":
            context["throttle_clock"] = Clock()
        elif isinstance(context["throttle_time_source_type"], Clock):
            context["throttle_clock"] = context["throttle_time_source_type"]
        else:
            raise ValueError(
                f'Received throttle_time_source_type of "{context["throttle_time_source_type"]}" '
                "is not a clock instance"
            )

    @staticmethod
    def should_log(context: dict[str, Any]) -> bool:
        """Let this call through?"""
        now = context["throttle_clock"].now().nanoseconds
        if now < context["throttle_last_logged"] + context["throttle_duration_sec"] * 1e9:
            return False
        context["throttle_last_logged"] = now
        return True


class SkipFirst(LoggingFilter):
    """Lets all calls but the first through."""

    params = {"skip_first": None}

    @staticmethod
    def should_log(context: dict[str, Any]) -> bool:
        """Let this call through?"""
        skipped = context.get("first_has_been_skipped", False)
        context["first_has_been_skipped"] = True
        return bool(skipped)


supported_filters: OrderedDict[str, type[LoggingFilter]] = OrderedDict(
    throttle=Throttle, skip_first=SkipFirst, once=Once
)
_FILTER_PARAMETERS = [name for kind in supported_filters.values() for name in kind.params]


def get_filters_from_kwargs(**kwargs: Any) -> list[str]:
    """Return the names of the filters that the keyword arguments ask for."""
    for name in kwargs:
        if name not in _FILTER_PARAMETERS:
            raise TypeError(f'parameter "{name}" is not one of the recognized logging options "{_FILTER_PARAMETERS}"')
    detected = [name for name, kind in supported_filters.items() if any(kwargs.get(param) for param in kind.params)]
    for name in detected:
        for param, default in supported_filters[name].params.items():
            if param not in kwargs and default is None:
                raise TypeError(
                    f'required parameter "{param}" not specified but is required for the the logging filter "{name}"'
                )
    return detected


def _caller() -> FrameType:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame


class RcutilsLogger:
    """A logger; nodes get one under their name."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.contexts: dict[tuple[CodeType, int], dict[str, Any]] = {}

    def get_child(self, name: str) -> RcutilsLogger:
        """Return the logger `<this>.<name>`."""
        if not name:
            raise ValueError("Child logger name must not be empty.")
        return RcutilsLogger(f"{self.name}.{name}" if self.name else name)

    def set_level(self, level: LoggingSeverity | int) -> None:
        """Set the level below which nothing is logged."""
        logging_backend.set_level(self.name, LoggingSeverity(level))

    def get_effective_level(self) -> LoggingSeverity:
        """Return the level that counts."""
        return LoggingSeverity(logging_backend.effective_level(self.name))

    def is_enabled_for(self, severity: LoggingSeverity | int) -> bool:
        """Would a message of this severity be logged?"""
        return LoggingSeverity(severity) >= logging_backend.effective_level(self.name)

    def log(self, message: str, severity: LoggingSeverity | int, **kwargs: Any) -> bool:
        """Log a message; False where level or filter held it back.

        Filters, kept per line of source: `throttle_duration_sec` (with `throttle_time_source_type`, a Clock),
        `skip_first`, `once`. `name` logs under another name.
        """
        if severity < logging_backend.effective_level(self.name):
            return False
        severity = LoggingSeverity(severity)
        name = kwargs.pop("name", self.name)
        frame = _caller()
        if kwargs and not self._passes(frame, name, severity, kwargs):
            return False
        code = frame.f_code
        logging_backend.log(severity, name, str(message), code.co_filename, code.co_name, frame.f_lineno)
        return True

    def _passes(self, frame: FrameType, name: str, severity: LoggingSeverity, kwargs: dict[str, Any]) -> bool:
        filters = get_filters_from_kwargs(**kwargs)
        site = (frame.f_code, frame.f_lasti)
        context = self.contexts.get(site)
        if context is None:
            context = self.contexts[site] = {"name": name, "severity": severity, "filters": filters}
            for kind in filters:
                supported_filters[kind].initialize_context(context, **kwargs)
        else:
            if severity != context["severity"]:
                raise ValueError("Logger severity cannot be changed between calls.")
            if name != context["name"]:
                raise ValueError("Logger name cannot be changed between calls.")
            if filters != context["filters"]:
                raise ValueError("Requested logging filters cannot be changed between calls.")
            for kind in filters:
                params = supported_filters[kind].params
                if any(context[param] != kwargs.get(param, params[param]) for param in params):
                    raise ValueError("Logging filter parameters cannot be changed between calls.")
        return all(supported_filters[kind].should_log(context) for kind in filters)

    def debug(self, message: str, **kwargs: Any) -> bool:
        """Log with severity DEBUG."""
        return self.log(message, LoggingSeverity.DEBUG, **kwargs)

    def info(self, message: str, **kwargs: Any) -> bool:
        """Log with severity INFO."""
        return self.log(message, LoggingSeverity.INFO, **kwargs)

    def warning(self, message: str, **kwargs: Any) -> bool:
        """Log with severity WARN."""
        return self.log(message, LoggingSeverity.WARN, **kwargs)

    def warn(self, message: str, **kwargs: Any) -> bool:
        """Log with severity WARN; `warning` is the newer name."""
        return self.log(message, LoggingSeverity.WARN, **kwargs)

    def error(self, message: str, **kwargs: Any) -> bool:
        """Log with severity ERROR."""
        return self.log(message, LoggingSeverity.ERROR, **kwargs)

    def fatal(self, message: str, **kwargs: Any) -> bool:
        """Log with severity FATAL."""
        return self.log(message, LoggingSeverity.FATAL, **kwargs)
