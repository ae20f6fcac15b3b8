"""The action Shutdown."""

from __future__ import annotations

from typing import Any

from .. import logging as launch_logging
from ..events import Shutdown as ShutdownEvent
from ..events.process import ProcessExited
from ..frontend import expose_action
from ..launch_context import LaunchContext
from .emit_event import EmitEvent


@expose_action("shutdown")
class Shutdown(EmitEvent):
    """Ends everything. As reaction to the end of a process, it says that this one was required."""

    def __init__(self, *, reason: str = "reason not given", **kwargs: Any) -> None:
        super().__init__(event=ShutdownEvent(reason=reason), **kwargs)
        self.__logger = launch_logging.get_logger("launch")

    def execute(self, context: LaunchContext) -> None:
        """Ask for the end."""
        event = context.get_locals_as_dict().get("event")
        if isinstance(event, ProcessExited):
            self.__logger.info(f"process[{event.process_name}] was required: shutting down launched system")
        super().execute(context)
