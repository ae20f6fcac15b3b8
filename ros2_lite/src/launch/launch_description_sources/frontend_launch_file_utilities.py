"""Refuse an XML or YAML launch file."""

from __future__ import annotations

from ..frontend import Parser
from ..launch_description import LaunchDescription


def get_launch_description_from_frontend_launch_file(
    frontend_launch_file_path: str, *, parser: type[Parser] = Parser
) -> LaunchDescription:
    """Refuse to read an XML or YAML launch file."""
    parser.load(frontend_launch_file_path)
