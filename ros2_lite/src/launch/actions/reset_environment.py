"""The action ResetEnvironment."""

from __future__ import annotations

from ..action import Action
from ..frontend import expose_action
from ..launch_context import LaunchContext


@expose_action("reset_env")
class ResetEnvironment(Action):
    """Returns to the environment that the launch was started with."""

    def execute(self, context: LaunchContext) -> None:
        """Return to it."""
        context._reset_environment()
