"""The substitution Command."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ..logging import get_logger
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ._describe import describe_all
from .substitution_failure import SubstitutionFailure

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
