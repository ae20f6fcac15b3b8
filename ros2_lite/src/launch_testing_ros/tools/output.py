"""Filter output of ROS nodes."""

from __future__ import annotations

from collections.abc import Callable

import ament_index_python
from launch_testing.tools import output


def get_rmw_output_filter(rmw_implementation: str, filter_type: str) -> list[str]:
    """Return the 'prefixes' or 'patterns' of lines that a middleware writes."""
    if filter_type not in ("prefixes", "patterns"):
        raise TypeError(f"Unsupported filter_type \"{filter_type}\". Supported types: ['prefixes', 'patterns']")
    resource = f"rmw_output_{filter_type}"
    if not ament_index_python.has_resource(resource, rmw_implementation):
        return []
    return ament_index_python.get_resource(resource, rmw_implementation)[0].splitlines()


def basic_output_filter(
    filtered_prefixes: list[str] | None = None,
    filtered_patterns: list[str] | None = None,
    filtered_rmw_implementation: str | None = None,
) -> Callable[[str], str]:
    """Make a filter that leaves out lines, those of a middleware too; see launch_testing's."""
    prefixes = output.get_default_filtered_prefixes() if filtered_prefixes is None else filtered_prefixes
    patterns = output.get_default_filtered_patterns() if filtered_patterns is None else filtered_patterns
    if filtered_rmw_implementation:
        prefixes = prefixes + get_rmw_output_filter(filtered_rmw_implementation, "prefixes")
        patterns = patterns + get_rmw_output_filter(filtered_rmw_implementation, "patterns")
    return output.basic_output_filter(prefixes, patterns)
