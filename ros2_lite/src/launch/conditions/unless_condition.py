"""The condition UnlessCondition."""

from __future__ import annotations

from ..launch_context import LaunchContext
from .if_condition import IfCondition


class UnlessCondition(IfCondition):
    """Holds when its text says false."""

    def _predicate_func(self, context: LaunchContext) -> bool:
        return not super()._predicate_func(context)
