"""Actions that change the environment of the processes started afterwards."""

from __future__ import annotations

import os
from typing import Any

from ..action import Action
from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution


@expose_action("set_env")
class SetEnvironmentVariable(Action):
    """Sets a variable."""

    def __init__(self, name: SomeSubstitutionsType, value: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__name = normalize_to_list_of_substitutions(name)
        self.__value = normalize_to_list_of_substitutions(value)

    @property
    def name(self) -> list[Substitution]:
        """Its name."""
        return self.__name

    @property
    def value(self) -> list[Substitution]:
        """Its value."""
        return self.__value

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        name = perform_substitutions(context, self.name)
        context.environment[name] = perform_substitutions(context, self.value)


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


@expose_action("unset_env")
class UnsetEnvironmentVariable(Action):
    """Removes a variable, if it is set."""

    def __init__(self, name: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """Its name."""
        return self.__name

    def execute(self, context: LaunchContext) -> None:
        """Remove it."""
        context.environment.pop(perform_substitutions(context, self.name), None)


class PushEnvironment(Action):
    """Remembers the environment."""

    def execute(self, context: LaunchContext) -> None:
        """Remember it."""
        context._push_environment()


class PopEnvironment(Action):
    """Returns to the environment remembered last."""

    def execute(self, context: LaunchContext) -> None:
        """Return to it."""
        context._pop_environment()


@expose_action("reset_env")
class ResetEnvironment(Action):
    """Returns to the environment that the launch was started with."""

    def execute(self, context: LaunchContext) -> None:
        """Return to it."""
        context._reset_environment()
