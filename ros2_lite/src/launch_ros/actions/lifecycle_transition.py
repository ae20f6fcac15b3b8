"""The action LifecycleTransition."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from launch.action import Action
from launch.actions import EmitEvent, OpaqueFunction
from launch.event import Event
from launch.event_handler import BaseEventHandler, EventHandler
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from lifecycle_msgs.msg import Transition

from launch import logging as launch_logging

from ..event_handlers import OnStateTransition
from ..events.lifecycle import ChangeState, StateTransition
from ..events.matchers import matches_node_name


def match_node_name_goal(node_name: str, goal_state: str) -> Callable[[Event], bool]:
    """Return a matcher of a node's transitions to a state."""
    is_node = matches_node_name(node_name)
    return lambda event: isinstance(event, StateTransition) and event.goal_state == goal_state and is_node(event.action)


def match_node_name_start_goal(node_name: str, start_state: str, goal_state: str) -> Callable[[Event], bool]:
    """Return a matcher of a node's transitions from a state to another."""
    reaches = match_node_name_goal(node_name, goal_state)
    return lambda event: reaches(event) and getattr(event, "start_state", None) == start_state


class LifecycleTransition(Action):
    """Takes lifecycle nodes through several transitions, each when the one before is done."""

    transition_targets = {
        number: {"start_state": start, "goal_state": goal}
        for number, start, goal in (
            (Transition.TRANSITION_CONFIGURE, "configuring", "inactive"),
            (Transition.TRANSITION_CLEANUP, "cleaningup", "unconfigured"),
            (Transition.TRANSITION_ACTIVATE, "activating", "active"),
            (Transition.TRANSITION_DEACTIVATE, "deactivating", "inactive"),
            (Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, "shuttingdown", "finalized"),
            (Transition.TRANSITION_INACTIVE_SHUTDOWN, "shuttingdown", "finalized"),
            (Transition.TRANSITION_ACTIVE_SHUTDOWN, "shuttingdown", "finalized"),
        )
    }

    def __init__(
        self,
        *,
        lifecycle_node_names: Sequence[SomeSubstitutionsType],
        transition_ids: Sequence[int | SomeSubstitutionsType],
        **kwargs: Any,
    ) -> None:
        """Create the action.

        Args:
            lifecycle_node_names: fully qualified names of the nodes.
            transition_ids: the transitions (lifecycle_msgs/msg/Transition), in order.
            kwargs: for the base class.
        """
        super().__init__(**kwargs)
        if not transition_ids:
            raise ValueError("No transition_ids provided.")
        if not lifecycle_node_names:
            raise ValueError("No lifecycle_node_names provided.")
        self.__names = [normalize_to_list_of_substitutions(name) for name in lifecycle_node_names]
        self.__ids = [
            normalize_to_list_of_substitutions(str(number) if isinstance(number, int) else number)
            for number in transition_ids
        ]
        self.__logger = launch_logging.get_logger(__name__)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Register what leads from each transition to the next; return the events that ask for the first."""
        numbers = []
        for text in (perform_substitutions(context, number) for number in self.__ids):
            try:
                numbers.append(int(text))
            except ValueError:
                raise ValueError(f"expected integer for lifecycle transition, got {text}") from None
        return [self.__prepare(context, perform_substitutions(context, name), numbers) for name in self.__names]

    def __prepare(self, context: LaunchContext, name: str, numbers: list[int]) -> EmitEvent:
        asks = [
            EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_node_name(name), transition_id=number))
            for number in numbers
        ]
        handlers: list[BaseEventHandler] = []

        def forget(reason: str = "") -> OpaqueFunction:
            def function(context: LaunchContext) -> None:
                if reason:
                    self.__logger.info(f"Stopping transitions for {name} because '{reason}'")
                for handler in handlers:
                    with contextlib.suppress(ValueError):  # it was for one event, and has had it
                        context.unregister_event_handler(handler)

            return OpaqueFunction(function=function)

        for index, number in enumerate(numbers):
            target = self.transition_targets[number]
            handlers.append(
                OnStateTransition(
                    matcher=match_node_name_start_goal(name, target["start_state"], target["goal_state"]),
                    entities=[asks[index + 1] if index + 1 < len(asks) else forget()],
                    handle_once=True,
                )
            )
        handlers.append(
            EventHandler(
                matcher=match_node_name_goal(name, "errorprocessing"),
                entities=[forget("error occured during transitions")],
                handle_once=True,
            )
        )
        for handler in handlers:
            context.register_event_handler(handler)
        return asks[0]
