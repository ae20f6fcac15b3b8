"""The action SetParameter."""

from __future__ import annotations

from typing import Any

from launch.frontend import expose_action
from launch.utilities import normalize_to_list_of_substitutions

from launch import Action, LaunchContext, SomeSubstitutionsType

from ..utilities import (
    evaluate_parameter_dict,
    normalize_parameter_dict,
)
from ._append import _append


@expose_action("set_parameter")
class SetParameter(Action):
    """Sets a parameter of all nodes."""

    def __init__(self, name: SomeSubstitutionsType, value: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__parameters = normalize_parameter_dict({tuple(normalize_to_list_of_substitutions(name)): value})

    @property
    def name(self) -> Any:
        """Its name."""
        return next(iter(self.__parameters))

    @property
    def value(self) -> Any:
        """Its value."""
        return next(iter(self.__parameters.values()))

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        _append(context, "global_params", list(evaluate_parameter_dict(context, self.__parameters).items()))
