"""The substitution NotEqualsSubstitution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ._truth import text
from .equals_substitution import EqualsSubstitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("not-equals", 2)
class NotEqualsSubstitution(EqualsSubstitution):
    """True when two values are not equal."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return text(not self._equal(context))
