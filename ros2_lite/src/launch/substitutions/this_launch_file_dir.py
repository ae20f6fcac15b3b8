"""The substitution ThisLaunchFileDir."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ..substitution import Substitution
from ._current_file import _current

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("dirname", 0)
class ThisLaunchFileDir(Substitution):
    """The folder of the launch file that is being visited."""

    def describe(self) -> str:
        """Return a description."""
        return "ThisLaunchFileDir()"

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return _current(context, "current_launch_file_directory", "ThisLaunchFileDir")
