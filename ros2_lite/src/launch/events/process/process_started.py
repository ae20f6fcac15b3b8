"""The event ProcessStarted."""

from __future__ import annotations

from .running_process_event import RunningProcessEvent


class ProcessStarted(RunningProcessEvent):
    """A process was started."""

    name = "launch.events.process.ProcessStarted"
