"""The substitution PythonExpression."""

from __future__ import annotations

import collections.abc
import importlib
from typing import TYPE_CHECKING, Any

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from ._describe import describe_all

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("eval", 1, 2)
class PythonExpression(Substitution):
    """The value of a Python expression. Names of ``math`` need no prefix, other modules do."""

    def __init__(self, expression: SomeSubstitutionsType, python_modules: SomeSubstitutionsType = ("math",)) -> None:
        for value, name in ((expression, "expression"), (python_modules, "python_modules")):
            ensure_argument_type(value, (str, Substitution, collections.abc.Iterable), name, "PythonExpression")
        self.__expression = normalize_to_list_of_substitutions(expression)
        self.__python_modules = normalize_to_list_of_substitutions(python_modules)

    @property
    def expression(self) -> list[Substitution]:
        """The expression."""
        return self.__expression

    @property
    def python_modules(self) -> list[Substitution]:
        """The modules it may use."""
        return self.__python_modules

    def describe(self) -> str:
        """Return a description."""
        modules = ", ".join(sub.describe() for sub in self.python_modules)
        return f"PythonExpr({describe_all(self.expression)}, [{modules}])"

    def perform(self, context: LaunchContext) -> str:
        """Evaluate the expression."""
        names: dict[str, Any] = {}
        for sub in self.python_modules:
            module = importlib.import_module(context.perform_substitution(sub))
            if module.__name__ == "math":
                names.update(vars(module))
            names[module.__name__] = module
        # Both as globals and not as locals, so that comprehensions see them too.
        return str(eval(perform_substitutions(context, self.expression), names))
