"""The substitution FileContent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ._describe import describe_all
from .substitution_failure import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("file-content", 1)
class FileContent(Substitution):
    """The text of a file."""

    def __init__(self, path: SomeSubstitutionsType) -> None:
        self.__path = normalize_to_list_of_substitutions(path)

    @property
    def path(self) -> list[Substitution]:
        """Its path."""
        return self.__path

    def describe(self) -> str:
        """Return a description."""
        return f"FileContent({describe_all(self.path)})"

    def perform(self, context: LaunchContext) -> str:
        """Read the file."""
        path = perform_substitutions(context, self.path)
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError as error:
            raise SubstitutionFailure(f"File not found: {path}") from error
