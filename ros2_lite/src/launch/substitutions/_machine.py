"""Substitutions that ask the machine: its environment, files, programs and Python."""

from __future__ import annotations

import collections.abc
import importlib
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..frontend import expose_substitution
from ..logging import get_logger
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from ._text import SubstitutionFailure, describe_all

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("command", 1, 2)
class Command(Substitution):
    """The standard output of a command."""

    def __init__(self, command: SomeSubstitutionsType, *, on_stderr: SomeSubstitutionsType = "fail") -> None:
        """Create the substitution.

        Args:
            command: the command line, split as a shell would.
            on_stderr: what to do when the command writes to standard error: 'fail', 'warn', 'ignore', or 'capture' it
                together with standard output.
        """
        self.__command = normalize_to_list_of_substitutions(command)
        self.__on_stderr = normalize_to_list_of_substitutions(on_stderr)

    @property
    def command(self) -> list[Substitution]:
        """The command line."""
        return self.__command

    @property
    def on_stderr(self) -> list[Substitution]:
        """What to do about standard error."""
        return self.__on_stderr

    def describe(self) -> str:
        """Return a description."""
        return f"Command({describe_all(self.command)})"

    def perform(self, context: LaunchContext) -> str:
        """Run the command."""
        line = perform_substitutions(context, self.command)
        on_stderr = perform_substitutions(context, self.on_stderr)
        if on_stderr not in ("fail", "ignore", "warn", "capture"):
            raise SubstitutionFailure("expected 'on_stderr' to be one of: 'fail', 'ignore', 'warn' or 'capture'")
        try:
            result = subprocess.run(
                shlex.split(line),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if on_stderr == "capture" else subprocess.PIPE,
                text=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise SubstitutionFailure(f"file not found: {error}") from error
        if result.returncode != 0:
            problem = f"executed command failed. Command: {line}"
            if result.stderr:
                problem += f"\nCaptured stderr output: {result.stderr}"
            raise SubstitutionFailure(problem)
        if result.stderr:
            problem = f"executed command showed stderr output. Command: {line}\nCaptured stderr output:\n"
            if on_stderr == "fail":
                raise SubstitutionFailure(problem + result.stderr)
            if on_stderr == "warn":
                get_logger("launch").warning(problem + result.stderr)
        return result.stdout


@expose_substitution("env", 1, 2)
class EnvironmentVariable(Substitution):
    """The value of an environment variable."""

    def __init__(self, name: SomeSubstitutionsType, *, default_value: SomeSubstitutionsType | None = None) -> None:
        self.__name = normalize_to_list_of_substitutions(name)
        self.__default = None if default_value is None else normalize_to_list_of_substitutions(default_value)

    @property
    def name(self) -> list[Substitution]:
        """Its name."""
        return self.__name

    @property
    def default_value(self) -> list[Substitution] | None:
        """The value when it is not set."""
        return self.__default

    def describe(self) -> str:
        """Return a description."""
        return f"EnvVar({describe_all(self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the value, or the default."""
        name = perform_substitutions(context, self.name)
        if name in context.environment:
            return context.environment[name]
        if self.__default is None:
            raise SubstitutionFailure(f"environment variable '{name}' does not exist")
        return perform_substitutions(context, self.__default)


@expose_substitution("file-content", 1)
class FileContent(Substitution):
    """The text of a file."""

    def __init__(self, path: SomeSubstitutionsType) -> None:
        self.__path = normalize_to_list_of_substitutions(path)

    @property
    def path(self) -> list[Substitution]:
        """Its path."""
        return self.__path

    def describe(self) -> str:
        """Return a description."""
        return f"FileContent({describe_all(self.path)})"

    def perform(self, context: LaunchContext) -> str:
        """Read the file."""
        path = perform_substitutions(context, self.path)
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError as error:
            raise SubstitutionFailure(f"File not found: {path}") from error


@expose_substitution("find-exec", 1)
class FindExecutable(Substitution):
    """The path of a program on the PATH."""

    def __init__(self, *, name: SomeSubstitutionsType) -> None:
        self.__name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """Its name."""
        return self.__name

    def describe(self) -> str:
        """Return a description."""
        return f"FindExec({describe_all(self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Find the program."""
        name = perform_substitutions(context, self.name)
        path = shutil.which(name, path=context.environment.get("PATH"))
        if path is None:
            raise SubstitutionFailure(f"executable '{name}' not found on the PATH")
        return path


class PathJoinSubstitution(Substitution):
    """A path put together from its parts."""

    def __init__(self, substitutions: Iterable[str | Substitution]) -> None:
        self.__substitutions = normalize_to_list_of_substitutions(substitutions)

    @property
    def substitutions(self) -> list[Substitution]:
        """The parts."""
        return self.__substitutions

    def describe(self) -> str:
        """Return a description."""
        return f"PathJoin('{describe_all(self.substitutions)}')"

    def perform(self, context: LaunchContext) -> str:
        """Join the parts."""
        return os.path.join(*(sub.perform(context) for sub in self.__substitutions))


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
