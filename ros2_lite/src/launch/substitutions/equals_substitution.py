"""The substitution EqualsSubstitution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import perform_substitutions
from ..utilities.type_utils import is_substitution
from ._truth import Pair, text

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


_TRUE, _FALSE = ("true", "1"), ("false", "0")


def _as_substitutions(value: Any) -> SomeSubstitutionsType:
    if is_substitution(value):
        substitutions: SomeSubstitutionsType = value
        return substitutions
    if value is None:
        return ""
    return text(value) if isinstance(value, bool) else str(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@expose_substitution("equals", 2)
class EqualsSubstitution(Pair):
    """True when two values are equal: as truth values, as numbers (nearly), else as text."""

    def __init__(self, left: Any, right: Any) -> None:
        super().__init__(_as_substitutions(left), _as_substitutions(right))

    def _equal(self, context: LaunchContext) -> bool:
        left, right = (perform_substitutions(context, subs) for subs in (self.left, self.right))
        if left.lower() in _TRUE + _FALSE and right.lower() in _TRUE + _FALSE:
            return (left.lower() in _TRUE) == (right.lower() in _TRUE)
        a, b = _number(left), _number(right)
        if a is not None and b is not None:
            return math.isclose(a, b)
        return left == right

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return text(self._equal(context))
