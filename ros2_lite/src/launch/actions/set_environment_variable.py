"""The action SetEnvironmentVariable."""

from __future__ import annotations

from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..utilities import perform_substitutions
from ._named import NamedValue


@expose_action("set_env")
class SetEnvironmentVariable(NamedValue):
    """Sets a variable."""

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        name = perform_substitutions(context, self.name)
        context.environment[name] = perform_substitutions(context, self.value)
