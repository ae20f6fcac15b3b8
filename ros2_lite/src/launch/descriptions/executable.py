"""Description of a process."""

from __future__ import annotations

import itertools
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..launch_context import LaunchContext
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..substitutions import LaunchConfiguration
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions

if TYPE_CHECKING:
    from ..action import Action

_process_numbers = itertools.count(1)  # next() on it is atomic
_EnvironmentType = Mapping[SomeSubstitutionsType, SomeSubstitutionsType]
_NormalizedEnvironment = list[tuple[list[Substitution], list[Substitution]]]


def _normalize_environment(variables: _EnvironmentType | None) -> _NormalizedEnvironment | None:
    if variables is None:
        return None
    return [
        (normalize_to_list_of_substitutions(name), normalize_to_list_of_substitutions(value))
        for name, value in variables.items()
    ]


def _perform_environment(context: LaunchContext, variables: _NormalizedEnvironment | None) -> dict[str, str]:
    return {
        perform_substitutions(context, name): perform_substitutions(context, value) for name, value in variables or ()
    }


class Executable:
    """A command line with its working directory and environment."""

    def __init__(
        self,
        *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: _EnvironmentType | None = None,
        additional_env: _EnvironmentType | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
    ) -> None:
        """Describe a process.

        Args:
            cmd: program and arguments.
            prefix: words put before, such as a debugger; by default the launch configuration 'launch-prefix', for the
                programs whose name matches the regular expression 'launch-prefix-filter'.
            name: label of the process; by default the program's file name. A number is added.
            cwd: working directory.
            env: the whole environment; by default that of the launch.
            additional_env: variables to add.
            arguments: more arguments.
        """
        self.__cmd = [normalize_to_list_of_substitutions(part) for part in cmd]
        self.__cmd += [normalize_to_list_of_substitutions(part) for part in arguments or ()]
        self.__prefix = normalize_to_list_of_substitutions(
            LaunchConfiguration("launch-prefix", default="") if prefix is None else prefix
        )
        self.__prefix_filter = [LaunchConfiguration("launch-prefix-filter", default="")] if prefix is None else None
        self.__name = None if name is None else normalize_to_list_of_substitutions(name)
        self.__cwd = None if cwd is None else normalize_to_list_of_substitutions(cwd)
        self.__env = _normalize_environment(env)
        self.__additional_env = _normalize_environment(additional_env)
        self.__arguments = arguments
        self.__final_cmd: list[str] | None = None
        self.__final_cwd: str | None = None
        self.__final_env: dict[str, str] | None = None
        self.__final_name: str | None = None

    @property
    def name(self) -> list[Substitution] | None:
        """Label, as given."""
        return self.__name

    @property
    def prefix(self) -> list[Substitution]:
        """Words put before the command."""
        return self.__prefix

    @property
    def cmd(self) -> list[list[Substitution]]:
        """Command line, as given; may be extended until the process is prepared."""
        return self.__cmd

    @property
    def cwd(self) -> list[Substitution] | None:
        """Working directory, as given."""
        return self.__cwd

    @property
    def env(self) -> _NormalizedEnvironment | None:
        """Whole environment, as given."""
        return self.__env

    @property
    def additional_env(self) -> _NormalizedEnvironment | None:
        """Added variables, as given."""
        return self.__additional_env

    @property
    def arguments(self) -> Iterable[SomeSubstitutionsType] | None:
        """Further arguments, as given."""
        return self.__arguments

    @property
    def final_name(self) -> str | None:
        """Label with its number, once prepared."""
        return self.__final_name

    @property
    def final_cmd(self) -> list[str] | None:
        """Command line, once prepared."""
        return self.__final_cmd

    @property
    def final_cwd(self) -> str | None:
        """Working directory, once prepared."""
        return self.__final_cwd

    @property
    def final_env(self) -> dict[str, str] | None:
        """Environment, once prepared."""
        return self.__final_env

    def prepare(self, context: LaunchContext, action: Action) -> None:
        """Perform the substitutions. ``action`` is for subclasses."""
        cmd = [perform_substitutions(context, part) for part in self.__cmd]
        wanted = True
        if self.__prefix_filter is not None:
            pattern = perform_substitutions(context, self.__prefix_filter)
            wanted = re.match(pattern, os.path.basename(cmd[0])) is not None
        if wanted:
            cmd = shlex.split(perform_substitutions(context, self.__prefix)) + cmd
        self.__final_cmd = cmd
        name = os.path.basename(cmd[0]) if self.__name is None else perform_substitutions(context, self.__name)
        self.__final_name = f"{name}-{next(_process_numbers)}"
        self.__final_cwd = None if self.__cwd is None else perform_substitutions(context, self.__cwd)
        environment = dict(context.environment) if self.__env is None else _perform_environment(context, self.__env)
        environment.update(_perform_environment(context, self.__additional_env))
        self.__final_env = environment
