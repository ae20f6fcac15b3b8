"""Base of conditions."""

from collections.abc import Callable

from .launch_context import LaunchContext


class Condition:
    """Decides whether an action is executed."""

    def __init__(self, *, predicate: Callable[[LaunchContext], bool] | None = None) -> None:
        self._predicate = predicate

    def describe(self) -> str:
        """Return a description of this condition."""
        return repr(self)

    def evaluate(self, context: LaunchContext) -> bool:
        """Return whether the condition holds; one without a predicate never does."""
        return self._predicate is not None and self._predicate(context)
