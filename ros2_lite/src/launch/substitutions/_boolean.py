"""Substitutions that are true or false, or choose by it. A truth value is the text ``true`` or ``false``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import is_substitution, perform_typed_substitution
from ._text import SubstitutionFailure

if TYPE_CHECKING:
    from ..launch_context import LaunchContext

_TRUE, _FALSE = ("true", "1"), ("false", "0")


def _truth(context: LaunchContext, subs: Sequence[Substitution]) -> bool:
    try:
        return bool(perform_typed_substitution(context, subs, bool))
    except (TypeError, ValueError) as error:
        raise SubstitutionFailure(error) from error


def _text(truth: bool) -> str:
    return "true" if truth else "false"


@expose_substitution("not", 1)
class NotSubstitution(Substitution):
    """True when its value is false."""

    def __init__(self, value: SomeSubstitutionsType) -> None:
        self.__value = normalize_to_list_of_substitutions(value)

    @property
    def value(self) -> list[Substitution]:
        """The value."""
        return self.__value

    def describe(self) -> str:
        """Return a description."""
        return f"NotSubstitution({self.value})"

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return _text(not _truth(context, self.value))


class _Pair(Substitution):
    """Two values."""

    def __init__(self, left: SomeSubstitutionsType, right: SomeSubstitutionsType) -> None:
        self.__left = normalize_to_list_of_substitutions(left)
        self.__right = normalize_to_list_of_substitutions(right)

    @property
    def left(self) -> list[Substitution]:
        """First value."""
        return self.__left

    @property
    def right(self) -> list[Substitution]:
        """Second value."""
        return self.__right

    def describe(self) -> str:
        """Return a description."""
        return f"{type(self).__name__}({self.left} {self.right})"


@expose_substitution("and", 2)
class AndSubstitution(_Pair):
    """True when both values are. Both are evaluated."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        left, right = _truth(context, self.left), _truth(context, self.right)
        return _text(left and right)


@expose_substitution("or", 2)
class OrSubstitution(_Pair):
    """True when one of the values is. Both are evaluated."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        left, right = _truth(context, self.left), _truth(context, self.right)
        return _text(left or right)


class _Several(Substitution):
    """Any number of values."""

    def __init__(self, *args: SomeSubstitutionsType) -> None:
        self.__args = [normalize_to_list_of_substitutions(arg) for arg in args]

    @property
    def args(self) -> list[list[Substitution]]:
        """The values."""
        return self.__args

    def describe(self) -> str:
        """Return a description."""
        return f"{type(self).__name__}({' '.join(str(arg) for arg in self.args)})"


@expose_substitution("any")
class AnySubstitution(_Several):
    """True when one of the values is."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return _text(any([_truth(context, arg) for arg in self.args]))


@expose_substitution("all")
class AllSubstitution(_Several):
    """True when all values are."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return _text(all([_truth(context, arg) for arg in self.args]))


def _as_substitutions(value: Any) -> SomeSubstitutionsType:
    if is_substitution(value):
        substitutions: SomeSubstitutionsType = value
        return substitutions
    if value is None:
        return ""
    return _text(value) if isinstance(value, bool) else str(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@expose_substitution("equals", 2)
class EqualsSubstitution(_Pair):
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
        return _text(self._equal(context))


@expose_substitution("not-equals", 2)
class NotEqualsSubstitution(EqualsSubstitution):
    """True when two values are not equal."""

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        return _text(not self._equal(context))


@expose_substitution("if", 2, 3)
class IfElseSubstitution(Substitution):
    """One value or another."""

    def __init__(
        self,
        condition: SomeSubstitutionsType,
        if_value: SomeSubstitutionsType = "",
        else_value: SomeSubstitutionsType = "",
    ) -> None:
        if if_value == else_value == "":
            raise RuntimeError("One of if_value and else_value must be specified")
        self.__condition = normalize_to_list_of_substitutions(condition)
        self.__if_value = normalize_to_list_of_substitutions(if_value)
        self.__else_value = normalize_to_list_of_substitutions(else_value)

    @property
    def condition(self) -> list[Substitution]:
        """What decides."""
        return self.__condition

    @property
    def if_value(self) -> list[Substitution]:
        """The value when it is true."""
        return self.__if_value

    @property
    def else_value(self) -> list[Substitution]:
        """The value when it is false."""
        return self.__else_value

    def describe(self) -> str:
        """Return a description."""
        return f"IfElseSubstitution({self.condition}, {self.if_value}, {self.else_value})"

    def perform(self, context: LaunchContext) -> str:
        """Return the text."""
        chosen = self.if_value if _truth(context, self.condition) else self.else_value
        return perform_substitutions(context, chosen)
