"""Several actions as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..action import Action
from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType
from .pop_environment import PopEnvironment
from .pop_launch_configurations import PopLaunchConfigurations
from .push_environment import PushEnvironment
from .push_launch_configurations import PushLaunchConfigurations
from .reset_environment import ResetEnvironment
from .reset_launch_configurations import ResetLaunchConfigurations
from .set_launch_configuration import SetLaunchConfiguration


@expose_action("group")
class GroupAction(Action):
    """Yields actions, which share a condition and, if wanted, a scope of their own."""

    def __init__(
        self,
        actions: Iterable[Action],
        *,
        scoped: bool = True,
        forwarding: bool = True,
        launch_configurations: Mapping[SomeSubstitutionsType, SomeSubstitutionsType] | None = None,
        **left_over_kwargs: Any,
    ) -> None:
        """Create a group.

        Args:
            actions: the actions.
            scoped: changes to launch configurations and environment end with the group.
            forwarding: the scope starts with the launch configurations and environment of outside; else with none but
                ``launch_configurations`` and the environment the launch was started with.
            launch_configurations: to be set for the group.
            left_over_kwargs: for the base class.
        """
        super().__init__(**left_over_kwargs)
        self.__actions = list(actions)
        self.__scoped = scoped
        self.__forwarding = forwarding
        self.__launch_configurations = dict(launch_configurations or {})
        self.__entities: list[LaunchDescriptionEntity] | None = None

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the actions, between those that make the scope."""
        if self.__entities is None:
            start: list[LaunchDescriptionEntity] = []
            end: list[LaunchDescriptionEntity] = []
            if self.__scoped:
                start = [PushLaunchConfigurations(), PushEnvironment()]
                end = [PopEnvironment(), PopLaunchConfigurations()]
            if self.__scoped and not self.__forwarding:
                start += [ResetEnvironment(), ResetLaunchConfigurations(self.__launch_configurations)]
            else:
                start += [SetLaunchConfiguration(k, v) for k, v in self.__launch_configurations.items()]
            self.__entities = [*start, *self.__actions, *end]
        return self.__entities

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Yield them."""
        return self.get_sub_entities()
