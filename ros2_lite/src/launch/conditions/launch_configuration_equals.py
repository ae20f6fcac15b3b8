"""The condition LaunchConfigurationEquals."""

from __future__ import annotations

import warnings

from ..condition import Condition
from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions


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
