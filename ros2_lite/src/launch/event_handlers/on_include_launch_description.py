"""The event handler OnIncludeLaunchDescription."""

from __future__ import annotations

from typing import Any

from ..event_handler import EventHandler
from ..events import IncludeLaunchDescription
from ..utilities import is_a_subclass


class OnIncludeLaunchDescription(EventHandler):
    """Visits the launch descriptions that are handed to the launch service."""

    def __init__(self, **kwargs: Any) -> None:
        from ..actions import OpaqueFunction

        super().__init__(
            matcher=lambda event: is_a_subclass(event, IncludeLaunchDescription),
            entities=OpaqueFunction(function=lambda context: [context.locals.event.launch_description]),
            **kwargs,
        )

    @property
    def handler_description(self) -> str:
        """What is done."""
        return "returns the launch_description in the event"

    @property
    def matcher_description(self) -> str:
        """Which events are wanted."""
        return "event issubclass of launch.events.IncludeLaunchDescription"
