"""The event ShutdownProcess."""

from __future__ import annotations

from .process_targeted_event import ProcessTargetedEvent


class ShutdownProcess(ProcessTargetedEvent):
    """Processes are to end, with escalating signals."""

    name = "launch.events.process.ShutdownProcess"
