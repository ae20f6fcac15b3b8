"""The event handler OnExecutionComplete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..events import ExecutionComplete
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import ActionMatcher, OnActionEventBase


class OnExecutionComplete(OnActionEventBase):
    """Reacts when an action is done."""

    def __init__(
        self,
        *,
        target_action: ActionMatcher = None,
        on_completion: SomeEntitiesType | Callable[[Any, LaunchContext], SomeEntitiesType | None],
        **kwargs: Any,
    ) -> None:
        from ..action import Action

        super().__init__(
            action_matcher=target_action,
            on_event=on_completion,
            target_event_cls=ExecutionComplete,
            target_action_cls=Action,
            **kwargs,
        )
