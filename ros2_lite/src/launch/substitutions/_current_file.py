"""Where the launch file is that is being visited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def _current(context: LaunchContext, key: str, who: str) -> str:
    values = context.get_locals_as_dict()
    if key not in values:
        raise SubstitutionFailure(f"{who} used outside of a launch file (in a script)")
    return str(values[key])
