"""The action UnsetEnvironmentVariable."""

from __future__ import annotations

from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..utilities import perform_substitutions
from ._named import Named


@expose_action("unset_env")
class UnsetEnvironmentVariable(Named):
    """Removes a variable, if it is set."""

    def execute(self, context: LaunchContext) -> None:
        """Remove it."""
        context.environment.pop(perform_substitutions(context, self.name), None)
