"""The event handler OnShutdown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..event import Event
from ..event_handler import BaseEventHandler
from ..events import Shutdown
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from ..utilities import is_a_subclass


class OnShutdown(BaseEventHandler):
    """Reacts when everything is to end."""

    def __init__(
        self,
        *,
        on_shutdown: SomeEntitiesType | Callable[[Any, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        super().__init__(matcher=lambda event: is_a_subclass(event, Shutdown), **kwargs)
        self.__on_shutdown = on_shutdown

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities, or call the function."""
        super().handle(event, context)
        if callable(self.__on_shutdown):
            return self.__on_shutdown(event, context)
        return self.__on_shutdown

    @property
    def handler_description(self) -> str:
        """What is done."""
        return f"{self.__on_shutdown}"

    @property
    def matcher_description(self) -> str:
        """Which events are wanted."""
        return "event issubclass of launch.events.Shutdown"
