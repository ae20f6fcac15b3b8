"""The event ProcessIO."""

from __future__ import annotations

from typing import Any

from .running_process_event import RunningProcessEvent


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
