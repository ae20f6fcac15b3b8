"""The action LifecycleNode."""

from __future__ import annotations

import functools
import threading
from typing import Any

from launch.actions import OpaqueFunction
from launch.event_handler import EventHandler
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from lifecycle_msgs.msg import TransitionEvent
from lifecycle_msgs.srv import ChangeState as ChangeStateService

from launch import logging as launch_logging

from ..events.lifecycle import ChangeState, StateTransition
from ..ros_adapters import get_ros_node
from .node import Node

_LOOK_FOR_SHUTDOWN_S = 0.2


class LifecycleNode(Node):
    """Starts a lifecycle node, tells of its transitions (StateTransition) and asks it for some (ChangeState)."""

    def __init__(self, *, name: SomeSubstitutionsType, namespace: SomeSubstitutionsType, **kwargs: Any) -> None:
        """Create the action; for `kwargs` see `Node`."""
        super().__init__(name=name, namespace=namespace, **kwargs)
        self.__logger = launch_logging.get_logger(__name__)
        self.__subscription: Any = None
        self.__client: Any = None

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Start the node, and listen to it."""
        self._perform_substitutions(context)
        if self.UNSPECIFIED_NODE_NAME in self.node_name:
            raise RuntimeError("node_name unexpectedly incomplete for lifecycle node")
        node = get_ros_node(context)
        self.__subscription = node.create_subscription(
            TransitionEvent,
            f"{self.node_name}/transition_event",
            functools.partial(self.__on_transition_event, context),
            10,
        )
        self.__client = node.create_client(ChangeStateService, f"{self.node_name}/change_state")
        context.register_event_handler(
            EventHandler(
                matcher=lambda event: isinstance(event, ChangeState),
                entities=OpaqueFunction(function=self.__on_change_state),
            )
        )
        return super().execute(context)

    def __on_transition_event(self, context: LaunchContext, msg: Any) -> None:
        event = StateTransition(action=self, msg=msg)
        context.asyncio_loop.call_soon_threadsafe(lambda: context.emit_event_sync(event))

    def __on_change_state(self, context: LaunchContext) -> None:
        event = context.locals.event
        if event.lifecycle_node_matcher(self):
            waiting = context.asyncio_loop.run_in_executor(None, self.__change_state, event.transition_id, context)
            context.add_completion_future(waiting)

    def __change_state(self, transition_id: int, context: LaunchContext) -> None:
        """Ask the node and wait for its answer, in a thread; a shutdown ends the wait."""
        request = ChangeStateService.Request()
        request.transition.id = transition_id
        try:
            while not self.__client.wait_for_service(timeout_sec=_LOOK_FOR_SHUTDOWN_S):
                if context.is_shutdown:
                    raise RuntimeError("shutdown")
            answered = threading.Event()
            future = self.__client.call_async(request)
            future.add_done_callback(lambda _: answered.set())
            while not answered.wait(_LOOK_FOR_SHUTDOWN_S):
                if context.is_shutdown:
                    raise RuntimeError("shutdown")
        except RuntimeError:  # also the end of the launch's node
            if not context.is_shutdown:
                raise
            self.__logger.warning(f"Abandoning the '{self.__client.srv_name}' service, due to shutdown.")
            return
        if not future.result().success:
            self.__logger.error(
                f"Failed to make transition '{ChangeState.valid_transitions[transition_id]}' "
                f"for LifecycleNode '{self.node_name}'"
            )
