"""The event Shutdown."""

from __future__ import annotations

from ..event import Event


class Shutdown(Event):
    """Everything is to end."""

    name = "launch.events.Shutdown"

    def __init__(self, *, reason: str = "reason not given", due_to_sigint: bool = False) -> None:
        self.__reason = reason
        self.__due_to_sigint = due_to_sigint

    @property
    def reason(self) -> str:
        """Why."""
        return self.__reason

    @property
    def due_to_sigint(self) -> bool:
        """Whether Ctrl-C asked for it."""
        return self.__due_to_sigint
