"""The event StateTransition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launch.event import Event

if TYPE_CHECKING:
    from ...actions import LifecycleNode


class StateTransition(Event):
    """A lifecycle node has changed its state."""

    name = "launch_ros.events.lifecycle.StateTransition"

    def __init__(self, *, action: LifecycleNode, msg: Any) -> None:
        """Tell what a node's lifecycle_msgs/msg/TransitionEvent says."""
        super().__init__()
        self.__action = action
        self.__msg = msg

    @property
    def action(self) -> LifecycleNode:
        """The node's action."""
        return self.__action

    @property
    def msg(self) -> Any:
        """The message."""
        return self.__msg

    @property
    def timestamp(self) -> int:
        """When it was."""
        stamp: int = self.__msg.timestamp
        return stamp

    @property
    def transition(self) -> str:
        """Label of the transition."""
        return str(self.__msg.transition.label)

    @property
    def start_state(self) -> str:
        """Label of the state before."""
        return str(self.__msg.start_state.label)

    @property
    def goal_state(self) -> str:
        """Label of the state now."""
        return str(self.__msg.goal_state.label)
