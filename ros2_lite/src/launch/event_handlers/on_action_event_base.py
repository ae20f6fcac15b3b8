"""The base of handlers of events that come from an action."""

from __future__ import annotations

import collections.abc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ..event import Event
from ..event_handler import BaseEventHandler
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType

if TYPE_CHECKING:
    from ..action import Action


ActionMatcher: TypeAlias = "Callable[[Any], bool] | Action | None"


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
