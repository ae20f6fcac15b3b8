"""The substitution IfElseSubstitution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ._truth import truth

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("if", 2, 3)
class IfElseSubstitution(Substitution):
    """One value or another."""

    def __init__(
        self,
        condition: SomeSubstitutionsType,
        if_value: SomeSubstitutionsType = "",
        else_value: SomeSubstitutionsType = "",
    ) -> None:
        if if_value == else_value == "":
            raise RuntimeError("One of if_value and else_value must be specified")
        self.__condition = normalize_to_list_of_substitutions(condition)
        self.__if_value = normalize_to_list_of_substitutions(if_value)
        self.__else_value = normalize_to_list_of_substitutions(else_value)

    @property
    def condition(self) -> list[Substitution]:
        """What decides."""
        return self.__condition

    @property
    def if_value(self) -> list[Substitution]:
        """The value when it is true."""
        return self.__if_value

    @property
    def else_value(self) -> list[Substitution]:
        """The value when it is false."""
        return self.__else_value

    def describe(self) -> str:
        """Return a description."""
        return f"IfElseSubstitution({self.condition}, {self.if_value}, {self.else_value})"

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        chosen = self.if_value if truth(context, self.condition) else self.else_value
        return perform_substitutions(context, chosen)
