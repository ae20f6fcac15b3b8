"""The substitution LocalSubstitution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..substitution import Substitution
from ..utilities import ensure_argument_type

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class LocalSubstitution(Substitution):
    """An expression on the context's locals, such as ``event.pid`` in an event handler."""

    def __init__(self, expression: str, description: str | None = None) -> None:
        ensure_argument_type(expression, str, "expression", "LocalSubstitution")
        self.__expression = expression
        self.__description = description

    @property
    def expression(self) -> str:
        """The expression."""
        return self.__expression

    @property
    def description(self) -> str | None:
        """What it stands for."""
        return self.__description

    def describe(self) -> str:
        """Return a description."""
        return f"LocalVar('{self.expression if self.description is None else self.description}')"

    def perform(self, context: LaunchContext) -> str:
        """Return the value of the expression."""
        value: str = eval(f"context.locals.{self.expression}", {"context": context})
        return value
