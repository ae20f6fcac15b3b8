"""Parameters set for all nodes."""

from __future__ import annotations

import collections.abc
from typing import Any

from launch.frontend import expose_substitution
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


@expose_substitution("param", 1, 2)
class Parameter(Substitution):
    """The value of a parameter that SetParameter set."""

    def __init__(self, name: SomeSubstitutionsType, *, default: Any = None) -> None:
        self.__name = normalize_to_list_of_substitutions(name)
        self.__default: list[Substitution] | None = None
        if default is not None:
            items = default if isinstance(default, collections.abc.Iterable) else (default,)
            self.__default = normalize_to_list_of_substitutions(
                [item if isinstance(item, str | Substitution) else str(item) for item in items]
            )

    @property
    def name(self) -> list[Substitution]:
        """Its name."""
        return self.__name

    def describe(self) -> str:
        """Return a description."""
        return f"{type(self).__name__}(name={' + '.join(sub.describe() for sub in self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the value, or the default."""
        name = perform_substitutions(context, self.name)
        for parameter in context.launch_configurations.get("global_params", []):
            if isinstance(parameter, tuple) and parameter[0] == name:
                return str(parameter[1])
        if self.__default is None:
            raise SubstitutionFailure(f"parameter '{name}' not found")
        return perform_substitutions(context, self.__default)
