"""The substitution PathJoinSubstitution."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions
from ._describe import describe_all

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


class PathJoinSubstitution(Substitution):
    """A path put together from its parts."""

    def __init__(self, substitutions: Iterable[str | Substitution]) -> None:
        self.__substitutions = normalize_to_list_of_substitutions(substitutions)

    @property
    def substitutions(self) -> list[Substitution]:
        """The parts."""
        return self.__substitutions

    def describe(self) -> str:
        """Return a description."""
        return f"PathJoin('{describe_all(self.substitutions)}')"

    def perform(self, context: LaunchContext) -> str:
        """Join the parts."""
        return os.path.join(*(sub.perform(context) for sub in self.__substitutions))
