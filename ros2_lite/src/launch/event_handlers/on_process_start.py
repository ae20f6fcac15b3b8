"""The event handler OnProcessStart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..events.process import ProcessStarted
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import ActionMatcher, OnActionEventBase


class OnProcessStart(OnActionEventBase):
    """Reacts when a process was started."""

    def __init__(
        self,
        *,
        target_action: ActionMatcher = None,
        on_start: SomeEntitiesType | Callable[[Any, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        from ..actions import ExecuteLocal

        super().__init__(
            action_matcher=target_action,
            on_event=on_start,
            target_event_cls=ProcessStarted,
            target_action_cls=ExecuteLocal,
            **kwargs,
        )
