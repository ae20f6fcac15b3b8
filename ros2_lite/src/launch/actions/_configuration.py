"""Actions that change launch configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..action import Action
from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


def _perform(context: LaunchContext, text: SomeSubstitutionsType) -> str:
    return perform_substitutions(context, normalize_to_list_of_substitutions(text))


@expose_action("let")
class SetLaunchConfiguration(Action):
    """Sets a launch configuration."""

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
        context.launch_configurations[name] = perform_substitutions(context, self.value)


class UnsetLaunchConfiguration(Action):
    """Removes a launch configuration, if it is set."""

    def __init__(self, name: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """Its name."""
        return self.__name

    def execute(self, context: LaunchContext) -> None:
        """Remove it."""
        context.launch_configurations.pop(perform_substitutions(context, self.name), None)


@expose_action("reset")
class ResetLaunchConfigurations(Action):
    """Removes all launch configurations but those given, whose values are computed before."""

    def __init__(
        self,
        launch_configurations: Mapping[SomeSubstitutionsType, SomeSubstitutionsType] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.__launch_configurations = dict(launch_configurations or {})

    def execute(self, context: LaunchContext) -> None:
        """Remove them."""
        kept = {
            _perform(context, name): _perform(context, value) for name, value in self.__launch_configurations.items()
        }
        context.launch_configurations.clear()
        context.launch_configurations.update(kept)


class PushLaunchConfigurations(Action):
    """Remembers the launch configurations."""

    def execute(self, context: LaunchContext) -> None:
        """Remember them."""
        context._push_launch_configurations()


class PopLaunchConfigurations(Action):
    """Returns to the launch configurations remembered last."""

    def execute(self, context: LaunchContext) -> None:
        """Return to them."""
        context._pop_launch_configurations()
