"""The event handler OnStateTransition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from launch.event import Event
from launch.event_handler import EventHandler
from launch.some_entities_type import SomeEntitiesType
from launch.some_substitutions_type import SomeSubstitutionsType

from ..actions.lifecycle_node import LifecycleNode
from ..events.lifecycle import StateTransition


class OnStateTransition(EventHandler):
    """Reacts when a lifecycle node changes its state."""

    def __init__(
        self,
        *,
        entities: SomeEntitiesType,
        target_lifecycle_node: LifecycleNode | None = None,
        transition: SomeSubstitutionsType | None = None,
        start_state: SomeSubstitutionsType | None = None,
        goal_state: SomeSubstitutionsType | None = None,
        matcher: Callable[[Event], bool] | None = None,
        **kwargs: Any,
    ) -> None:
        """Create a handler.

        Args:
            entities: what to do.
            target_lifecycle_node: the node; None for all.
            transition: label of the transition; None for all.
            start_state: label of the state before; None for all.
            goal_state: label of the state after; None for all.
            matcher: decides instead of all these.
            kwargs: for the base class.
        """
        if target_lifecycle_node is not None and not isinstance(target_lifecycle_node, LifecycleNode):
            raise RuntimeError("OnStateTransition requires a 'LifecycleNode' action as the target")
        self.__target = target_lifecycle_node
        wanted = {
            "action": target_lifecycle_node,
            "transition": transition,
            "start_state": start_state,
            "goal_state": goal_state,
        }

        def matches(event: Event) -> bool:
            return isinstance(event, StateTransition) and all(
                value is None or getattr(event, key) == value for key, value in wanted.items()
            )

        super().__init__(matcher=matches if matcher is None else matcher, entities=entities, **kwargs)

    @property
    def handler_description(self) -> str:
        """What is done."""
        return "<actions>"

    @property
    def matcher_description(self) -> str:
        """Which events are wanted."""
        which = "" if self.__target is None else f" and event.action == LifecycleNode({hex(id(self.__target))})"
        return f"event == StateTransition{which}"
