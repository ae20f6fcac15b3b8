"""Run a command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..descriptions import Executable
from ..frontend import expose_action
from ..some_substitutions_type import SomeSubstitutionsType
from .execute_local import ExecuteLocal


@expose_action("executable")
class ExecuteProcess(ExecuteLocal):
    """Starts a command line as a process; `ExecuteLocal` has the further arguments."""

    def __init__(
        self,
        *,
        cmd: Iterable[SomeSubstitutionsType],
        prefix: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        cwd: SomeSubstitutionsType | None = None,
        env: Mapping[SomeSubstitutionsType, SomeSubstitutionsType] | None = None,
        additional_env: Mapping[SomeSubstitutionsType, SomeSubstitutionsType] | None = None,
        **kwargs: Any,
    ) -> None:
        """Create the action; see `launch.descriptions.Executable` for its own arguments."""
        description = Executable(cmd=cmd, prefix=prefix, name=name, cwd=cwd, env=env, additional_env=additional_env)
        super().__init__(process_description=description, **kwargs)

    def __get(self, key: str) -> Any:
        final = getattr(self.process_description, f"final_{key}")
        return getattr(self.process_description, key) if final is None else final

    @property
    def name(self) -> Any:
        """Label; with its number once prepared."""
        return self.__get("name")

    @property
    def cmd(self) -> Any:
        """Command line; performed once prepared."""
        return self.__get("cmd")

    @property
    def cwd(self) -> Any:
        """Working directory; performed once prepared."""
        return self.__get("cwd")

    @property
    def env(self) -> Any:
        """Environment; performed once prepared."""
        return self.__get("env")

    @property
    def additional_env(self) -> Any:
        """Variables added to the environment, as given."""
        return self.process_description.additional_env
