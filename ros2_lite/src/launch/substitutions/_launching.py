"""Substitutions that look at the launch itself."""

from __future__ import annotations

import collections.abc
import os
import random
import re
import socket
import sys
from typing import TYPE_CHECKING, Any

from ..frontend import expose_substitution
from ..logging import launch_config
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from ._text import SubstitutionFailure, describe_all

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


def normalize_default(default: Any) -> list[Substitution] | None:
    """Turn a default of any type, or a sequence of such, into substitutions."""
    if default is None:
        return None
    items = default if isinstance(default, collections.abc.Iterable) else (default,)
    return normalize_to_list_of_substitutions(
        [item if isinstance(item, str | Substitution) else str(item) for item in items]
    )


@expose_substitution("var", 1, 2)
class LaunchConfiguration(Substitution):
    """The value of a launch configuration (which is what a launch argument becomes)."""

    def __init__(self, variable_name: SomeSubstitutionsType, *, default: Any = None) -> None:
        self.__variable_name = normalize_to_list_of_substitutions(variable_name)
        self.__default = normalize_default(default)

    @property
    def variable_name(self) -> list[Substitution]:
        """Its name."""
        return self.__variable_name

    def describe(self) -> str:
        """Return a description."""
        return f"LaunchConfig({describe_all(self.variable_name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the value, or the default."""
        name = perform_substitutions(context, self.__variable_name)
        if name in context.launch_configurations:
            value: str = context.launch_configurations[name]
            return value
        if self.__default is None:
            raise SubstitutionFailure(f"launch configuration '{name}' does not exist")
        return perform_substitutions(context, self.__default)


@expose_substitution("anon", 1)
class AnonName(Substitution):
    """A name made unique, the same wherever it is asked for within a launch."""

    def __init__(self, name: SomeSubstitutionsType) -> None:
        self.__name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """What the name starts with."""
        return self.__name

    def describe(self) -> str:
        """Return a description."""
        return f"AnonName({describe_all(self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the name."""
        name = perform_substitutions(context, self.name)
        key = f"anon{name}"
        if key not in context.launch_configurations:
            context.launch_configurations[key] = self.compute_name(name)
        return str(context.launch_configurations[key])

    def compute_name(self, id_value: str) -> str:
        """Make a name out of host, process and chance, with only characters that a node's name may have."""
        unique = f"{id_value}_{socket.gethostname()}_{os.getpid()}_{random.randint(0, sys.maxsize)}"
        return re.sub(r"[.:-]", "_", unique)


@expose_substitution("launch_log_dir", 0)
@expose_substitution("log_dir", 0)
class LaunchLogDir(Substitution):
    """The folder of this launch's log files."""

    def describe(self) -> str:
        """Return a description."""
        return "LaunchLogDir()"

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return launch_config.log_dir


class LocalSubstitution(Substitution):
    """An expression on the context's locals, such as ``event.pid`` in an event handler."""

    def __init__(self, expression: str, description: str | None = None) -> None:
        ensure_argument_type(expression, str, "expression", "LocalSubstitution")
        self.__expression = expression
        self.__description = description

    @property
    def expression(self) -> str:
        """The expression."""
        return self.__expression

    @property
    def description(self) -> str | None:
        """What it stands for."""
        return self.__description

    def describe(self) -> str:
        """Return a description."""
        return f"LocalVar('{self.expression if self.description is None else self.description}')"

    def perform(self, context: LaunchContext) -> str:
        """Return the value of the expression."""
        value: str = eval(f"context.locals.{self.expression}", {"context": context})
        return value


def _current(context: LaunchContext, key: str, who: str) -> str:
    values = context.get_locals_as_dict()
    if key not in values:
        raise SubstitutionFailure(f"{who} used outside of a launch file (in a script)")
    return str(values[key])


@expose_substitution("filename", 0)
class ThisLaunchFile(Substitution):
    """The path of the launch file that is being visited."""

    def describe(self) -> str:
        """Return a description."""
        return "ThisLaunchFile()"

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return _current(context, "current_launch_file_path", "ThisLaunchFile")


@expose_substitution("dirname", 0)
class ThisLaunchFileDir(Substitution):
    """The folder of the launch file that is being visited."""

    def describe(self) -> str:
        """Return a description."""
        return "ThisLaunchFileDir()"

    def perform(self, context: LaunchContext) -> str:
        """Return the path."""
        return _current(context, "current_launch_file_directory", "ThisLaunchFileDir")
