"""The action PushEnvironment."""

from __future__ import annotations

from ..action import Action
from ..launch_context import LaunchContext


class PushEnvironment(Action):
    """Remembers the environment."""

    def execute(self, context: LaunchContext) -> None:
        """Remember it."""
        context._push_environment()
