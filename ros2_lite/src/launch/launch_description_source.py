"""Where a launch description comes from."""

from __future__ import annotations

import traceback

from . import logging as launch_logging
from .launch_context import LaunchContext
from .launch_description import LaunchDescription
from .some_substitutions_type import SomeSubstitutionsType
from .utilities import normalize_to_list_of_substitutions, perform_substitutions


class LaunchDescriptionSource:
    """A launch description, or the place to read it from when it is needed."""

    def __init__(
        self,
        launch_description: LaunchDescription | None = None,
        location: SomeSubstitutionsType = "<string>",
        method: str = "unspecified mechanism from a script",
    ) -> None:
        self.__launch_description = launch_description
        self.__location = normalize_to_list_of_substitutions(location)
        self.__expanded_location: str | None = None
        self.__method = method
        self.__logger = launch_logging.get_logger(__name__)

    @property
    def location(self) -> str:
        """The path, or a description of it before it is known."""
        if self.__expanded_location is None:
            return " + ".join(str(sub) for sub in self.__location)
        return self.__expanded_location

    @property
    def method(self) -> str:
        """How the description is read."""
        return self.__method

    def try_get_launch_description_without_context(self) -> LaunchDescription | None:
        """Return the launch description if its place is known before launching, else None."""
        if self.__launch_description is None:
            try:
                return self._get_launch_description(perform_substitutions(LaunchContext(), self.__location))
            except Exception as error:
                self.__logger.debug(traceback.format_exc())
                self.__logger.debug(f"Failed to load the launch file without a context: {error}")
        return self.__launch_description

    def get_launch_description(self, context: LaunchContext) -> LaunchDescription:
        """Return the launch description."""
        if self.__expanded_location is None:
            self.__expanded_location = perform_substitutions(context, self.__location)
        if self.__launch_description is None:
            self.__launch_description = self._get_launch_description(self.__expanded_location)
        return self.__launch_description

    def _get_launch_description(self, location: str) -> LaunchDescription:
        raise RuntimeError(
            "LaunchDescriptionSource.get_launch_description(): called without launch description being set"
        )
