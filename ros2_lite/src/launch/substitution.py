"""Base of values that are known only while launching."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class Substitution:
    """A piece of text that is computed when it is needed."""

    def describe(self) -> str:
        """Return a description of this substitution."""
        return repr(self)

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        raise NotImplementedError("perform() not implemented for Substitution base class.")
