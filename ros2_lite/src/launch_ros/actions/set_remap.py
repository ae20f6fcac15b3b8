"""The action SetRemap."""

from __future__ import annotations

from typing import Any

from launch.frontend import expose_action
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from launch import Action, LaunchContext, SomeSubstitutionsType, Substitution

from ._append import _append


@expose_action("set_remap")
class SetRemap(Action):
    """Changes a name in all nodes."""

    def __init__(self, src: SomeSubstitutionsType, dst: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__src = normalize_to_list_of_substitutions(src)
        self.__dst = normalize_to_list_of_substitutions(dst)

    @property
    def src(self) -> list[Substitution]:
        """The name in the node."""
        return self.__src

    @property
    def dst(self) -> list[Substitution]:
        """The name it is given."""
        return self.__dst

    def execute(self, context: LaunchContext) -> None:
        """Add the rule."""
        rule = perform_substitutions(context, self.__src), perform_substitutions(context, self.__dst)
        _append(context, "ros_remaps", [rule])
