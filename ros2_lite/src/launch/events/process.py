"""Events of processes."""

from __future__ import annotations

import signal as signal_module
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..event import Event

if TYPE_CHECKING:
    from ..actions import ExecuteLocal

__all__ = [
    "ProcessExited",
    "ProcessIO",
    "ProcessStarted",
    "ProcessStderr",
    "ProcessStdin",
    "ProcessStdout",
    "ProcessTargetedEvent",
    "RunningProcessEvent",
    "ShutdownProcess",
    "SignalProcess",
    "matches_executable",
    "matches_name",
    "matches_pid",
]


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


class ProcessStarted(RunningProcessEvent):
    """A process was started."""

    name = "launch.events.process.ProcessStarted"


class ProcessExited(RunningProcessEvent):
    """A process ended."""

    name = "launch.events.process.ProcessExited"

    def __init__(self, *, returncode: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__returncode = returncode

    @property
    def returncode(self) -> int:
        """Its exit code; the negative number of the signal that ended it."""
        return self.__returncode


class ProcessIO(RunningProcessEvent):
    """A process wrote something, or is to read something."""

    name = "launch.events.process.ProcessIO"

    def __init__(self, *, text: bytes, fd: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__text = text
        self.__fd = fd

    @property
    def text(self) -> bytes:
        """The bytes."""
        return self.__text

    @property
    def from_stdin(self) -> bool:
        """Whether they are for its standard input."""
        return self.__fd == 0

    @property
    def from_stdout(self) -> bool:
        """Whether they are from its standard output."""
        return self.__fd == 1

    @property
    def from_stderr(self) -> bool:
        """Whether they are from its standard error."""
        return self.__fd == 2


class ProcessStdin(ProcessIO):
    """A process is to read something."""

    name = "launch.events.process.ProcessStdin"

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        super().__init__(text=text, fd=0, **kwargs)


class ProcessStdout(ProcessIO):
    """A process wrote to its standard output."""

    name = "launch.events.process.ProcessStdout"

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        super().__init__(text=text, fd=1, **kwargs)


class ProcessStderr(ProcessIO):
    """A process wrote to its standard error."""

    name = "launch.events.process.ProcessStderr"

    def __init__(self, *, text: bytes, **kwargs: Any) -> None:
        super().__init__(text=text, fd=2, **kwargs)


class ProcessTargetedEvent(Event):
    """A wish about the processes that a matcher picks."""

    name = "launch.events.process.ProcessTargetedEvent"

    def __init__(self, *, process_matcher: Callable[[ExecuteLocal], bool]) -> None:
        super().__init__()
        self.__process_matcher = process_matcher

    @property
    def process_matcher(self) -> Callable[[ExecuteLocal], bool]:
        """Says which processes are meant."""
        return self.__process_matcher


class ShutdownProcess(ProcessTargetedEvent):
    """Processes are to end, with escalating signals."""

    name = "launch.events.process.ShutdownProcess"


class SignalProcess(ProcessTargetedEvent):
    """Processes are to get a signal."""

    name = "launch.events.process.SignalProcess"

    def __init__(
        self,
        *,
        signal_number: str | signal_module.Signals,
        process_matcher: Callable[[ExecuteLocal], bool],
    ) -> None:
        super().__init__(process_matcher=process_matcher)
        if not isinstance(signal_number, str | signal_module.Signals):
            raise TypeError(f"'signal_number' must be a name or a signal.Signals, got {signal_number!r}")
        self.__signal = signal_number

    @property
    def signal(self) -> str | signal_module.Signals:
        """The signal as it was given."""
        return self.__signal

    @property
    def signal_name(self) -> str:
        """Its name."""
        return self.__signal if isinstance(self.__signal, str) else self.__signal.name


def _matches(key: str, test: Callable[[Any], bool]) -> Callable[[ExecuteLocal], bool]:
    def matcher(action: ExecuteLocal) -> bool:
        details = action.process_details
        return details is not None and key in details and test(details[key])

    return matcher


def matches_pid(pid: int) -> Callable[[ExecuteLocal], bool]:
    """Return a matcher of the process with an id."""
    return _matches("pid", lambda value: value == pid)


def matches_name(name: str) -> Callable[[ExecuteLocal], bool]:
    """Return a matcher of the process with a name."""
    return _matches("name", lambda value: value == name)


def matches_executable(executable: str) -> Callable[[ExecuteLocal], bool]:
    """Return a matcher of the processes whose executable's path ends so."""
    return _matches("cmd", lambda value: value[0].endswith(executable))
