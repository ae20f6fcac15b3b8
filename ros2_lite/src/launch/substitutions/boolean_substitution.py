"""Logic on texts that are true or false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions
from ._truth import Pair, text, truth

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("not", 1)
class NotSubstitution(Substitution):
    """True when its value is false."""

    def __init__(self, value: SomeSubstitutionsType) -> None:
        self.__value = normalize_to_list_of_substitutions(value)

    @property
    def value(self) -> list[Substitution]:
        """The value."""
        return self.__value

    def describe(self) -> str:
        """Return a description."""
        return f"NotSubstitution({self.value})"

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return text(not truth(context, self.value))


@expose_substitution("and", 2)
class AndSubstitution(Pair):
    """True when both values are. Both are evaluated."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        left, right = truth(context, self.left), truth(context, self.right)
        return text(left and right)


@expose_substitution("or", 2)
class OrSubstitution(Pair):
    """True when one of the values is. Both are evaluated."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        left, right = truth(context, self.left), truth(context, self.right)
        return text(left or right)


class _Several(Substitution):
    """Any number of values."""

    def __init__(self, *args: SomeSubstitutionsType) -> None:
        self.__args = [normalize_to_list_of_substitutions(arg) for arg in args]

    @property
    def args(self) -> list[list[Substitution]]:
        """The values."""
        return self.__args

    def describe(self) -> str:
        """Return a description."""
        return f"{type(self).__name__}({' '.join(str(arg) for arg in self.args)})"


@expose_substitution("any")
class AnySubstitution(_Several):
    """True when one of the values is."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return text(any([truth(context, arg) for arg in self.args]))


@expose_substitution("all")
class AllSubstitution(_Several):
    """True when all values are."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return text(all([truth(context, arg) for arg in self.args]))
