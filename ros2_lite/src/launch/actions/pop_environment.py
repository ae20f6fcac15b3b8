"""The action PopEnvironment."""

from __future__ import annotations

from ..action import Action
from ..launch_context import LaunchContext


class PopEnvironment(Action):
    """Returns to the environment remembered last."""

    def execute(self, context: LaunchContext) -> None:
        """Return to it."""
        context._pop_environment()
