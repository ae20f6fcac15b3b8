"""The error of conditions that are neither true nor false."""

from __future__ import annotations

from collections.abc import Sequence

from ..substitution import Substitution


class InvalidConditionExpressionError(ValueError):
    """Raised when the text of a condition is neither true nor false."""

    def __init__(
        self, expression: str, unexpanded_expression: Sequence[Substitution], valid_expressions: Sequence[str]
    ) -> None:
        super().__init__(
            f"invalid condition expression, expected one of [{', '.join(valid_expressions)}] but got "
            f"'{expression}', expanded from '{' + '.join(str(sub) for sub in unexpanded_expression)}'"
        )
