"""What the text of a condition says."""

from __future__ import annotations

from collections.abc import Sequence

from ..launch_context import LaunchContext
from ..substitution import Substitution
from ..utilities import perform_substitutions
from .invalid_condition_expression_error import InvalidConditionExpressionError

VALID_TRUE_EXPRESSIONS = ["true", "1"]


VALID_FALSE_EXPRESSIONS = ["false", "0"]


def evaluate_condition_expression(context: LaunchContext, expression: Sequence[Substitution]) -> bool:
    """Return whether substitutions say true (``true``, ``1``) or false (``false``, ``0``), in any case.

    Raises:
        InvalidConditionExpressionError: they say something else.
    """
    text = perform_substitutions(context, expression).strip().lower()
    if text in VALID_TRUE_EXPRESSIONS:
        return True
    if text in VALID_FALSE_EXPRESSIONS:
        return False
    raise InvalidConditionExpressionError(text, expression, VALID_TRUE_EXPRESSIONS + VALID_FALSE_EXPRESSIONS)
