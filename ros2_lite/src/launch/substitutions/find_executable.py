"""The substitution FindExecutable."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ._describe import describe_all
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("find-exec", 1)
class FindExecutable(Substitution):
    """The path of a program on the PATH."""

    def __init__(self, *, name: SomeSubstitutionsType) -> None:
        self.__name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """Its name."""
        return self.__name

    def describe(self) -> str:
        """Return a description."""
        return f"FindExec({describe_all(self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Find the program."""
        name = perform_substitutions(context, self.name)
        path = shutil.which(name, path=context.environment.get("PATH"))
        if path is None:
            raise SubstitutionFailure(f"executable '{name}' not found on the PATH")
        return path
