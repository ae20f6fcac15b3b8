"""The event ChangeState."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from launch.event import Event
from lifecycle_msgs.msg import State, Transition

if TYPE_CHECKING:
    from ...actions import LifecycleNode

_TRANSITIONS = (
    "CREATE",
    "CONFIGURE",
    "CLEANUP",
    "ACTIVATE",
    "DEACTIVATE",
    "UNCONFIGURED_SHUTDOWN",
    "INACTIVE_SHUTDOWN",
    "ACTIVE_SHUTDOWN",
    "DESTROY",
)


class ChangeState(Event):
    """Lifecycle nodes are asked to change their state."""

    name = "launch_ros.events.lifecycle.ChangeState"
    valid_transitions = {getattr(Transition, f"TRANSITION_{name}"): f"TRANSITION_{name}" for name in _TRANSITIONS}
    valid_states = {
        getattr(State, name): name
        for name in (
            *(f"PRIMARY_STATE_{label}" for label in ("UNKNOWN", "UNCONFIGURED", "INACTIVE", "ACTIVE", "FINALIZED")),
            *(f"TRANSITION_STATE_{label}" for label in ("CONFIGURING", "CLEANINGUP", "SHUTTINGDOWN")),
            *(f"TRANSITION_STATE_{label}" for label in ("ACTIVATING", "DEACTIVATING", "ERRORPROCESSING")),
        )
    }

    def __init__(self, *, lifecycle_node_matcher: Callable[[LifecycleNode], bool], transition_id: int) -> None:
        """Ask the nodes that the matcher picks for a transition (lifecycle_msgs/msg/Transition).

        Raises:
            ValueError: there is no such transition.
        """
        super().__init__()
        if transition_id not in self.valid_transitions:
            known = ", ".join(f"{name}: {number}" for number, name in self.valid_transitions.items())
            raise ValueError(f"there is no transition with id '{transition_id}', expected one of {known}")
        self.__matcher = lifecycle_node_matcher
        self.__transition_id = transition_id

    @property
    def lifecycle_node_matcher(self) -> Callable[[LifecycleNode], bool]:
        """What picks the nodes."""
        return self.__matcher

    @property
    def transition_id(self) -> int:
        """The transition."""
        return self.__transition_id
