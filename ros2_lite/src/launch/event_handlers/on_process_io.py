"""The event handler OnProcessIO."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..events.process import ProcessIO
from ..launch_context import LaunchContext
from ..some_entities_type import SomeEntitiesType
from .on_action_event_base import ActionMatcher, OnActionEventBase


class OnProcessIO(OnActionEventBase):
    """Reacts to what a process writes."""

    def __init__(
        self,
        *,
        target_action: ActionMatcher = None,
        on_stdin: Callable[[Any], SomeEntitiesType | None] | None = None,
        on_stdout: Callable[[Any], SomeEntitiesType | None] | None = None,
        on_stderr: Callable[[Any], SomeEntitiesType | None] | None = None,
        **kwargs: Any,
    ) -> None:
        from ..actions import ExecuteLocal

        def handle(event: Any, _: LaunchContext) -> SomeEntitiesType | None:
            if event.from_stdout and on_stdout is not None:
                return on_stdout(event)
            if event.from_stderr and on_stderr is not None:
                return on_stderr(event)
            if event.from_stdin and on_stdin is not None:
                return on_stdin(event)
            return None

        super().__init__(
            action_matcher=target_action,
            on_event=handle,
            target_event_cls=ProcessIO,
            target_action_cls=ExecuteLocal,
            **kwargs,
        )
