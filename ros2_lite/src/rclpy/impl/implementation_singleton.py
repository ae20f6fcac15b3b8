"""Upstream keeps its C extension here. There is none: asking it for anything raises an error that names it."""

from __future__ import annotations

from typing import Any


class _NoExtension:
    def __getattr__(self, name: str) -> Any:
        from ros2_lite.missing import missing

        raise missing("rclpy.impl.implementation_singleton.rclpy_implementation", name)


rclpy_implementation = _NoExtension()
