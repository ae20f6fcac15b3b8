"""Conditions of actions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from ..condition import Condition
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

__all__ = [
    "IfCondition",
    "InvalidConditionExpressionError",
    "LaunchConfigurationEquals",
    "LaunchConfigurationNotEquals",
    "UnlessCondition",
    "evaluate_condition_expression",
]

VALID_TRUE_EXPRESSIONS = ["true", "1"]
VALID_FALSE_EXPRESSIONS = ["false", "0"]


class InvalidConditionExpressionError(ValueError):
    """Raised when the text of a condition is neither true nor false."""

    def __init__(
        self, expression: str, unexpanded_expression: Sequence[Substitution], valid_expressions: Sequence[str]
    ) -> None:
        super().__init__(
            f"invalid condition expression, expected one of [{', '.join(valid_expressions)}] but got "
            f"'{expression}', expanded from '{' + '.join(str(sub) for sub in unexpanded_expression)}'"
        )


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


class IfCondition(Condition):
    """Holds when its text says true."""

    def __init__(self, predicate_expression: SomeSubstitutionsType) -> None:
        self.__expression = normalize_to_list_of_substitutions(predicate_expression)
        super().__init__(predicate=self._predicate_func)

    def _predicate_func(self, context: LaunchContext) -> bool:
        return evaluate_condition_expression(context, self.__expression)


class UnlessCondition(IfCondition):
    """Holds when its text says false."""

    def _predicate_func(self, context: LaunchContext) -> bool:
        return not super()._predicate_func(context)


class LaunchConfigurationEquals(Condition):
    """Holds when a launch configuration has a value (None: when it is not set). Deprecated upstream."""

    def __init__(self, launch_configuration_name: str, expected_value: SomeSubstitutionsType | None) -> None:
        warnings.warn(
            "The 'LaunchConfigurationEquals' and 'LaunchConfigurationNotEquals' Conditions are deprecated. "
            "Use the 'EqualsSubstitution' and 'NotEqualsSubstitution' substitutions instead! E.g.:\n"
            "  IfCondition(\n"
            "\tEqualsSubstitution(LaunchConfiguration('some_launch_arg'), \"some_equality_check\")\n  )",
            UserWarning,
            stacklevel=2,
        )
        self.__name = launch_configuration_name
        self.__expected = None if expected_value is None else normalize_to_list_of_substitutions(expected_value)
        super().__init__(predicate=self._predicate_func)

    def _predicate_func(self, context: LaunchContext) -> bool:
        expected = None if self.__expected is None else perform_substitutions(context, self.__expected)
        value: object = context.launch_configurations.get(self.__name)
        return value == expected


class LaunchConfigurationNotEquals(LaunchConfigurationEquals):
    """Holds when a launch configuration does not have a value (None: when it is set). Deprecated upstream."""

    def _predicate_func(self, context: LaunchContext) -> bool:
        return not super()._predicate_func(context)
