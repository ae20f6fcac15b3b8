"""The event RunningProcessEvent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...event import Event

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


class RunningProcessEvent(Event):
    """Something that happened to a process."""

    name = "launch.events.process.RunningProcessEvent"

    def __init__(
        self,
        *,
        action: ExecuteLocal,
        name: str,
        cmd: list[str],
        cwd: str | None,
        env: dict[str, str] | None,
        pid: int,
    ) -> None:
        super().__init__()
        self.__action = action
        self.__name = name
        self.__cmd = cmd
        self.__cwd = cwd
        self.__env = env
        self.__pid = pid

    @property
    def action(self) -> ExecuteLocal:
        """The action that started the process."""
        return self.__action

    @property
    def execute_process_action(self) -> ExecuteLocal:
        """The action that started the process; upstream's older name of `action`."""
        return self.__action

    @property
    def process_name(self) -> str:
        """Name of the process, which ends in a number of its own."""
        return self.__name

    @property
    def cmd(self) -> list[str]:
        """Its command line."""
        return self.__cmd

    @property
    def cwd(self) -> str | None:
        """Its working directory."""
        return self.__cwd

    @property
    def env(self) -> dict[str, str] | None:
        """Its environment."""
        return self.__env

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.__pid
