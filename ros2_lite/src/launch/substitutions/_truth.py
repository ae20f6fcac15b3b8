"""Truth values: the texts ``true`` and ``false``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions
from ..utilities.type_utils import perform_typed_substitution
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def truth(context: LaunchContext, subs: Sequence[Substitution]) -> bool:
    """Return what substitutions say.

    Raises:
        SubstitutionFailure: neither true nor false.
    """
    try:
        return bool(perform_typed_substitution(context, subs, bool))
    except (TypeError, ValueError) as error:
        raise SubstitutionFailure(error) from error


def text(truth: bool) -> str:
    """Return the text for a truth value."""
    return "true" if truth else "false"


class Pair(Substitution):
    """Two values."""

    def __init__(self, left: SomeSubstitutionsType, right: SomeSubstitutionsType) -> None:
        self.__left = normalize_to_list_of_substitutions(left)
        self.__right = normalize_to_list_of_substitutions(right)

    @property
    def left(self) -> list[Substitution]:
        """First value."""
        return self.__left

    @property
    def right(self) -> list[Substitution]:
        """Second value."""
        return self.__right

    def describe(self) -> str:
        """Return a description."""
        return f"{type(self).__name__}({self.left} {self.right})"
