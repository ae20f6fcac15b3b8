"""The action PopLaunchConfigurations."""

from __future__ import annotations

from ..action import Action
from ..launch_context import LaunchContext


class PopLaunchConfigurations(Action):
    """Returns to the launch configurations remembered last."""

    def execute(self, context: LaunchContext) -> None:
        """Return to them."""
        context._pop_launch_configurations()
