"""The substitution LaunchLogDir."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ..logging import launch_config
from ..substitution import Substitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("launch_log_dir", 0)
@expose_substitution("log_dir", 0)
class LaunchLogDir(Substitution):
    """The folder of this launch's log files."""

    def describe(self) -> str:
        """Return a description."""
        return "LaunchLogDir()"

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return launch_config.log_dir
