"""The action SetParametersFromFile."""

from __future__ import annotations

from typing import Any

from launch.frontend import expose_action
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from launch import Action, LaunchContext, SomeSubstitutionsType

from ._append import _append


@expose_action("set_parameters_from_file")
class SetParametersFromFile(Action):
    """Sets the parameters of a file in all nodes."""

    def __init__(self, filename: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__filename = normalize_to_list_of_substitutions(filename)

    def execute(self, context: LaunchContext) -> None:
        """Set them."""
        _append(context, "global_params", [perform_substitutions(context, self.__filename)])
