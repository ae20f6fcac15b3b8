"""The services by which others read and set log levels."""

from __future__ import annotations

from typing import Any

from rclpy.logging import get_logger_level, set_logger_level
from rclpy.qos import qos_profile_services_default
from rclpy.validate_topic_name import TOPIC_SEPARATOR_STRING


class LoggingService:
    """Serves `<node>/get_logger_levels` and `<node>/set_logger_levels`."""

    def __init__(self, node: Any) -> None:
        from rcl_interfaces import srv

        for kind, name, callback in (
            (srv.GetLoggerLevels, "get_logger_levels", self._get_logger_levels),
            (srv.SetLoggerLevels, "set_logger_levels", self._set_logger_levels),
        ):
            node.create_service(
                kind,
                TOPIC_SEPARATOR_STRING.join((node.get_name(), name)),
                callback,
                qos_profile=qos_profile_services_default,
            )

    @staticmethod
    def _get_logger_levels(request: Any, response: Any) -> Any:
        from rcl_interfaces.msg import LoggerLevel

        response.levels = [LoggerLevel(name=name, level=int(get_logger_level(name))) for name in request.names]
        return response

    @staticmethod
    def _set_logger_levels(request: Any, response: Any) -> Any:
        from rcl_interfaces.msg import SetLoggerLevelsResult

        results = []
        for level in request.levels:
            result = SetLoggerLevelsResult(successful=True)
            try:
                set_logger_level(level.name, level.level)
            except ValueError:
                result = SetLoggerLevelsResult(successful=False, reason="Failed reason: Invalid logger level.")
            results.append(result)
        response.results = results
        return response
