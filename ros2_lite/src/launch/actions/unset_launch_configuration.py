"""The action UnsetLaunchConfiguration."""

from __future__ import annotations

from ..launch_context import LaunchContext
from ..utilities import perform_substitutions
from ._named import Named


class UnsetLaunchConfiguration(Named):
    """Removes a launch configuration, if it is set."""

    def execute(self, context: LaunchContext) -> None:
        """Remove it."""
        context.launch_configurations.pop(perform_substitutions(context, self.name), None)
