"""Launch arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import logging as launch_logging
from ..action import Action
from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


@expose_action("arg")
class DeclareLaunchArgument(Action):
    """Declares an argument that whoever launches or includes this may set; it becomes a launch configuration."""

    def __init__(
        self,
        name: str,
        *,
        default_value: SomeSubstitutionsType | None = None,
        description: str | None = None,
        choices: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Declare an argument.

        Args:
            name: its name.
            default_value: its value if none is set; without default one must be set.
            description: shown by ``ros2 launch --show-args``.
            choices: the values it may have.
            kwargs: for the base class.

        Raises:
            RuntimeError: there are no choices, or the default is none of them.
        """
        super().__init__(**kwargs)
        self.__name = name
        self.__logger = launch_logging.get_logger(__name__)
        self.__default_value = None if default_value is None else normalize_to_list_of_substitutions(default_value)
        self.__choices = None if choices is None else list(choices)
        if self.__choices is not None:
            if not self.__choices:
                self.__fail("Provided choices arg is empty. Use None to ignore the choice list.")
            if isinstance(default_value, str) and default_value not in self.__choices:
                self.__fail(f'Provided default_value "{default_value}" is not in provided choices "{self.__choices}".')
        self.__description = self.__describe_choices(description)
        # Set by LaunchDescription.get_launch_arguments().
        self._conditionally_included = False

    def __fail(self, message: str) -> None:
        self.__logger.error(message)
        raise RuntimeError(message)

    def __describe_choices(self, description: str | None) -> str:
        if self.__choices is None:
            return "no description given" if description is None else description
        if description is None:
            return f"One of: {self.__choices}"
        stop = "" if description.endswith(".") else "."
        return f"{description}{stop} Valid choices are: {self.__choices}"

    @property
    def name(self) -> str:
        """Its name."""
        return self.__name

    @property
    def default_value(self) -> list[Substitution] | None:
        """Its default."""
        return self.__default_value

    @property
    def description(self) -> str:
        """Its description, with the choices."""
        return self.__description

    @property
    def choices(self) -> list[str] | None:
        """The values it may have."""
        return self.__choices

    def execute(self, context: LaunchContext) -> None:
        """Set the default, if need be, and check the value."""
        if self.name not in context.launch_configurations:
            if self.default_value is None:
                self.__logger.error(
                    f'Required launch argument "{self.name}" (description: "{self.description}") was not provided'
                )
                raise RuntimeError(f'Required launch argument "{self.name}" was not provided.')
            context.launch_configurations[self.name] = perform_substitutions(context, self.default_value)
        value = context.launch_configurations[self.name]
        if self.__choices is not None and value not in self.__choices:
            self.__fail(
                f'Argument "{self.name}" provided value "{value}" is not valid. Valid options are: {self.__choices}'
            )
