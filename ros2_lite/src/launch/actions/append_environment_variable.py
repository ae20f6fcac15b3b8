"""The action AppendEnvironmentVariable."""

from __future__ import annotations

import os
from typing import Any

from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution
from .set_environment_variable import SetEnvironmentVariable


@expose_action("append_env")
class AppendEnvironmentVariable(SetEnvironmentVariable):
    """Appends to a variable, or prepends to it."""

    def __init__(
        self,
        name: SomeSubstitutionsType,
        value: SomeSubstitutionsType,
        prepend: bool | SomeSubstitutionsType = False,
        separator: SomeSubstitutionsType = os.pathsep,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, value, **kwargs)
        self.__prepend = normalize_typed_substitution(prepend, bool)
        self.__separator = normalize_to_list_of_substitutions(separator)

    @property
    def prepend(self) -> Any:
        """Whether the value goes before."""
        return self.__prepend

    @property
    def separator(self) -> list[Substitution]:
        """What is put between."""
        return self.__separator

    def execute(self, context: LaunchContext) -> None:
        """Append."""
        name = perform_substitutions(context, self.name)
        parts = [perform_substitutions(context, self.value)]
        if name in context.environment:
            before = perform_typed_substitution(context, self.prepend, bool)
            parts.insert(1 if before else 0, context.environment[name])
        context.environment[name] = perform_substitutions(context, self.separator).join(parts)
