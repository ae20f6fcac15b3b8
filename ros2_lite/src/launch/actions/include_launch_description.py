"""Include other launch descriptions."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from ..action import Action
from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..launch_description_source import LaunchDescriptionSource
from ..launch_description_sources import AnyLaunchDescriptionSource
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from .opaque_function import OpaqueFunction
from .set_launch_configuration import SetLaunchConfiguration

_FILE, _FOLDER = "current_launch_file_path", "current_launch_file_directory"


@expose_action("include")
class IncludeLaunchDescription(Action):
    """Visits the launch description of another file, with arguments."""

    def __init__(
        self,
        launch_description_source: LaunchDescriptionSource | SomeSubstitutionsType,
        *,
        launch_arguments: Iterable[tuple[SomeSubstitutionsType, SomeSubstitutionsType]] | None = None,
        **kwargs: Any,
    ) -> None:
        """Include a launch description.

        Args:
            launch_description_source: a source, or the path of a file.
            launch_arguments: pairs of name and value. They stay set afterwards, unless a group makes a scope.
            kwargs: for the base class.
        """
        super().__init__(**kwargs)
        if not isinstance(launch_description_source, LaunchDescriptionSource):
            launch_description_source = AnyLaunchDescriptionSource(launch_description_source)
        self.__source = launch_description_source
        self.__launch_arguments = tuple(launch_arguments or ())

    @property
    def launch_description_source(self) -> LaunchDescriptionSource:
        """Where the launch description comes from."""
        return self.__source

    @property
    def launch_arguments(self) -> tuple[tuple[SomeSubstitutionsType, SomeSubstitutionsType], ...]:
        """Its arguments."""
        return self.__launch_arguments

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the launch description if it can be read beforehand."""
        description = self.__source.try_get_launch_description_without_context()
        return [] if description is None else [description]

    def __argument_names(self, context: LaunchContext) -> set[str]:
        return {
            perform_substitutions(context, normalize_to_list_of_substitutions(name))
            for name, _ in self.__launch_arguments
        }

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Yield the arguments and the launch description.

        Raises:
            RuntimeError: an argument without default was not given.
        """
        description = self.__source.get_launch_description(context)
        before = {key: context.get_locals_as_dict().get(key) for key in (_FILE, _FOLDER)}
        path = os.path.abspath(self.__source.location)
        folder = os.path.dirname(path) if os.path.exists(path) else self.__source.location
        context.extend_locals({_FILE: path, _FOLDER: folder})
        self.__check_arguments(context, description)
        entities: list[LaunchDescriptionEntity] = [
            SetLaunchConfiguration(name, value) for name, value in self.__launch_arguments
        ]
        entities.append(description)
        if before[_FILE] is not None:
            # What follows in the including file is in that file again. (Upstream forgets.)
            entities.append(OpaqueFunction(function=lambda context: context.extend_locals(before)))
        return entities

    def __check_arguments(self, context: LaunchContext, description: Any) -> None:
        given = self.__argument_names(context)
        pairs = description.get_launch_arguments_with_include_launch_description_actions()
        for argument, inclusions in pairs:
            if argument._conditionally_included or argument.default_value is not None:
                continue
            names = set(given)
            for inclusion in inclusions or ():
                try:
                    names |= inclusion.__argument_names(LaunchContext())
                except Exception:
                    # Names that depend on the launch: whether one is missing turns out later.
                    names.add(argument.name)
            if argument.name not in names:
                raise RuntimeError(
                    f"Included launch description missing required argument '{argument.name}' "
                    f"(description: '{argument.description}'), given: [{', '.join(sorted(names))}]"
                )
