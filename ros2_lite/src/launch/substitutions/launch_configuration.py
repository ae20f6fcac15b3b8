"""The substitution normalize_default."""

from __future__ import annotations

import collections.abc
from typing import TYPE_CHECKING, Any

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ._describe import describe_all
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def normalize_default(default: Any) -> list[Substitution] | None:
    """Turn a default of any type, or a sequence of such, into substitutions."""
    if default is None:
        return None
    items = default if isinstance(default, collections.abc.Iterable) else (default,)
    return normalize_to_list_of_substitutions(
        [item if isinstance(item, str | Substitution) else str(item) for item in items]
    )


@expose_substitution("var", 1, 2)
class LaunchConfiguration(Substitution):
    """The value of a launch configuration (which is what a launch argument becomes)."""

    def __init__(self, variable_name: SomeSubstitutionsType, *, default: Any = None) -> None:
        self.__variable_name = normalize_to_list_of_substitutions(variable_name)
        self.__default = normalize_default(default)

    @property
    def variable_name(self) -> list[Substitution]:
        """Its name."""
        return self.__variable_name

    def describe(self) -> str:
        """Return a description."""
        return f"LaunchConfig({describe_all(self.variable_name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the value, or the default."""
        name = perform_substitutions(context, self.__variable_name)
        if name in context.launch_configurations:
            value: str = context.launch_configurations[name]
            return value
        if self.__default is None:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        return perform_substitutions(context, self.__default)
