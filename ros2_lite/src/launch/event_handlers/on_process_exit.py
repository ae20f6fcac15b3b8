"""The event handler OnProcessExit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..events.process import ProcessExited
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import ActionMatcher, OnActionEventBase


class OnProcessExit(OnActionEventBase):
    """Reacts when a process ended."""

    def __init__(
        self,
        *,
        target_action: ActionMatcher = None,
        on_exit: SomeEntitiesType | Callable[[Any, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        from ..actions import ExecuteLocal

        super().__init__(
            action_matcher=target_action,
            on_event=on_exit,
            target_event_cls=ProcessExited,
            target_action_cls=ExecuteLocal,
            **kwargs,
        )
