"""Description of what is to be launched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import logging as launch_logging
from .action import Action
from .launch_context import LaunchContext
from .launch_description_entity import LaunchDescriptionEntity

if TYPE_CHECKING:
    from .actions import DeclareLaunchArgument, IncludeLaunchDescription


class LaunchDescription(LaunchDescriptionEntity):
    """A list of entities, visited in order."""

    def __init__(
        self,
        initial_entities: Iterable[LaunchDescriptionEntity] | None = None,
        *,
        deprecated_reason: str | None = None,
    ) -> None:
        self.__entities = list(initial_entities) if initial_entities is not None else []
        self.__deprecated_reason = deprecated_reason

    @property
    def entities(self) -> list[LaunchDescriptionEntity]:
        """The entities."""
        return self.__entities

    @property
    def deprecated(self) -> bool:
        """Whether it should no longer be used."""
        return self.__deprecated_reason is not None

    @property
    def deprecated_reason(self) -> str | None:
        """Why, and what to use instead."""
        return self.__deprecated_reason

    def add_entity(self, entity: LaunchDescriptionEntity) -> None:
        """Append an entity."""
        self.__entities.append(entity)

    def add_action(self, action: Action) -> None:
        """Append an action."""
        self.add_entity(action)

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Return the entities."""
        if self.__deprecated_reason is not None:
            path = context.get_locals_as_dict().get("current_launch_file_path")
            what = "deprecated launch description" if path is None else f"launch file [{path}] is deprecated"
            launch_logging.get_logger("launch").warning(f"{what}: {self.__deprecated_reason}")
        return self.__entities

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities."""
        return self.__entities

    def get_launch_arguments(self, conditional_inclusion: bool = False) -> list[DeclareLaunchArgument]:
        """Return the launch arguments that are declared here and in what this includes, as far as can be seen."""
        pairs = self.get_launch_arguments_with_include_launch_description_actions(conditional_inclusion)
        return [argument for argument, _ in pairs]

    def get_launch_arguments_with_include_launch_description_actions(
        self, conditional_inclusion: bool = False
    ) -> list[tuple[DeclareLaunchArgument, list[IncludeLaunchDescription] | None]]:
        """Return each launch argument with the inclusions that lead to it (None: declared right here).

        The first declaration of a name counts. Included files whose path depends on the launch are not seen.
        """
        from .actions import DeclareLaunchArgument, IncludeLaunchDescription, ResetLaunchConfigurations

        found: dict[str, tuple[DeclareLaunchArgument, list[IncludeLaunchDescription] | None]] = {}

        def search(
            entities: Iterable[LaunchDescriptionEntity],
            conditional: bool,
            inclusions: list[IncludeLaunchDescription] | None,
        ) -> None:
            for entity in entities:
                if isinstance(entity, ResetLaunchConfigurations):
                    return  # what follows cannot be set from outside
                if isinstance(entity, DeclareLaunchArgument):
                    if entity.name not in found:
                        entity._conditionally_included = conditional or entity.condition is not None
                        found[entity.name] = (entity, inclusions)
                    continue
                nested = inclusions
                if isinstance(entity, IncludeLaunchDescription):
                    nested = [*(inclusions or ()), entity]
                search(entity.describe_sub_entities(), conditional, nested)
                for _, sub_entities in entity.describe_conditional_sub_entities():
                    search(sub_entities, True, nested)

        search(self.entities, conditional_inclusion, None)
        return list(found.values())
