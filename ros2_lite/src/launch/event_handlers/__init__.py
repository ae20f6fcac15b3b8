"""Event handlers for the events that launch descriptions most often react to."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ..event import Event
from ..event_handler import BaseEventHandler, EventHandler
from ..events import ExecutionComplete, IncludeLaunchDescription, Shutdown
from ..events.process import ProcessExited, ProcessIO, ProcessStarted
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType
from ..utilities import is_a_subclass

if TYPE_CHECKING:
    from ..action import Action

ActionMatcher: TypeAlias = "Callable[[Any], bool] | Action | None"

__all__ = [
    "OnActionEventBase",
    "OnExecutionComplete",
    "OnIncludeLaunchDescription",
    "OnProcessExit",
    "OnProcessIO",
    "OnProcessStart",
    "OnShutdown",
    "event_named",
]


def event_named(name: str) -> Callable[[Event], bool]:
    """Return a matcher of the events with a name."""
    return lambda event: event.name == name


class OnActionEventBase(BaseEventHandler):
    """Base of handlers of events that come from an action."""

    def __init__(
        self,
        *,
        action_matcher: ActionMatcher,
        on_event: SomeEntitiesType | Callable[[Any, LaunchContext], SomeEntitiesType | None],
        target_event_cls: type[Event],
        target_action_cls: type[Action],
        **kwargs: Any,
    ) -> None:
        """Create a handler.

        Args:
            action_matcher: an action, a function that picks actions, or None for all.
            on_event: what to do: entities, or a function that may return some.
            target_event_cls: class of the events.
            target_action_cls: class of the actions that events come from.
            kwargs: for the base class.
        """
        if not issubclass(target_event_cls, Event):
            raise TypeError("'target_event_cls' must be a subclass of 'Event'")
        if not (action_matcher is None or isinstance(action_matcher, target_action_cls) or callable(action_matcher)):
            raise TypeError(f"action_matcher must be an '{target_action_cls.__name__}' instance or a callable")
        self.__target_action_cls = target_action_cls
        self.__target_event_cls = target_event_cls
        self.__action_matcher = action_matcher
        super().__init__(matcher=self.__matches, **kwargs)
        self.__on_event: Callable[[Any, LaunchContext], SomeEntitiesType | None] | None = None
        self.__entities: list[LaunchDescriptionEntity] = []
        if callable(on_event):
            self.__on_event = on_event
        elif isinstance(on_event, collections.abc.Iterable):
            self.__entities = list(on_event)
            for entity in self.__entities:
                if not isinstance(entity, LaunchDescriptionEntity):
                    raise TypeError(
                        "expected all items in 'on_event' iterable to be of type "
                        f"'LaunchDescriptionEntity' but got '{type(entity)}'"
                    )
        elif on_event is not None:
            self.__entities = [on_event]

    def __matches(self, event: Any) -> bool:
        if not isinstance(event, self.__target_event_cls):
            return False
        matcher: Any = self.__action_matcher
        if matcher is None:
            return True
        action = event.action  # type: ignore[attr-defined]
        if isinstance(matcher, self.__target_action_cls):
            return action is matcher
        return bool(matcher(action))

    def handle(self, event: Event, context: LaunchContext) -> SomeEntitiesType | None:
        """Return the entities, or call the function."""
        super().handle(event, context)
        if self.__on_event is not None:
            return self.__on_event(event, context)
        return self.__entities

    def describe(self) -> tuple[str, list[LaunchDescriptionEntity]]:
        """Return a description and the entities that are known beforehand."""
        text, entities = super().describe()
        return text, entities + self.__entities

    @property
    def handler_description(self) -> str:
        """What is done."""
        return "<actions>" if self.__entities else f"{self.__on_event}"

    @property
    def matcher_description(self) -> str:
        """Which events are wanted."""
        text = f"event == {self.__target_event_cls.__name__}"
        if self.__action_matcher is not None:
            text += f" and {self.__target_action_cls.__name__}(event.action)"
        return text


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
