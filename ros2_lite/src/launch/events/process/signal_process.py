"""The event SignalProcess."""

from __future__ import annotations

import signal as signal_module
from collections.abc import Callable
from typing import TYPE_CHECKING

from .process_targeted_event import ProcessTargetedEvent

if TYPE_CHECKING:
    from ...actions import ExecuteLocal


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
