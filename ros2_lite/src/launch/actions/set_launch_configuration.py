"""The action SetLaunchConfiguration."""

from __future__ import annotations

from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..utilities import perform_substitutions
from ._named import NamedValue


@expose_action("let")
class SetLaunchConfiguration(NamedValue):
    """Sets a launch configuration."""

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        name = perform_substitutions(context, self.name)
        context.launch_configurations[name] = perform_substitutions(context, self.value)
