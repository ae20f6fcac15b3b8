"""The condition LaunchConfigurationNotEquals."""

from __future__ import annotations

from ..launch_context import LaunchContext
from .launch_configuration_equals import LaunchConfigurationEquals


class LaunchConfigurationNotEquals(LaunchConfigurationEquals):
    """Holds when a launch configuration does not have a value (None: when it is set). Deprecated upstream."""

    def _predicate_func(self, context: LaunchContext) -> bool:
        return not super()._predicate_func(context)
