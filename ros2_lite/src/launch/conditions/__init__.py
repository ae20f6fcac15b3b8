"""Conditions of actions."""

from .evaluate_condition_expression_impl import (
    VALID_FALSE_EXPRESSIONS,
    VALID_TRUE_EXPRESSIONS,
    evaluate_condition_expression,
)
from .if_condition import IfCondition
from .invalid_condition_expression_error import InvalidConditionExpressionError
from .launch_configuration_equals import LaunchConfigurationEquals
from .launch_configuration_not_equals import LaunchConfigurationNotEquals
from .unless_condition import UnlessCondition

__all__ = [
    "VALID_FALSE_EXPRESSIONS",
    "VALID_TRUE_EXPRESSIONS",
    "IfCondition",
    "InvalidConditionExpressionError",
    "LaunchConfigurationEquals",
    "LaunchConfigurationNotEquals",
    "UnlessCondition",
    "evaluate_condition_expression",
]
