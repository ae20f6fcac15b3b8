"""The goal state machine of actions (rcl_action)."""

from __future__ import annotations

from enum import IntEnum

from rclpy._rclpy_pybind11 import RCLError


class GoalEvent(IntEnum):
    """What can happen to a goal on its server."""

    EXECUTE = 0
    CANCEL_GOAL = 1
    SUCCEED = 2
    ABORT = 3
    CANCELED = 4


# action_msgs/msg/GoalStatus
UNKNOWN, ACCEPTED, EXECUTING, CANCELING, SUCCEEDED, CANCELED, ABORTED = range(7)
_NAMES = ("UNKNOWN", "ACCEPTED", "EXECUTING", "CANCELING", "SUCCEEDED", "CANCELED", "ABORTED")
_TRANSITIONS = {
    (ACCEPTED, GoalEvent.EXECUTE): EXECUTING,
    (ACCEPTED, GoalEvent.CANCEL_GOAL): CANCELING,
    (EXECUTING, GoalEvent.CANCEL_GOAL): CANCELING,
    (EXECUTING, GoalEvent.SUCCEED): SUCCEEDED,
    (EXECUTING, GoalEvent.ABORT): ABORTED,
    (CANCELING, GoalEvent.SUCCEED): SUCCEEDED,
    (CANCELING, GoalEvent.ABORT): ABORTED,
    (CANCELING, GoalEvent.CANCELED): CANCELED,
}


def is_active(state: int) -> bool:
    """Is the goal not at its end yet?"""
    return state in (ACCEPTED, EXECUTING, CANCELING)


def is_cancelable(state: int) -> bool:
    """May the goal be asked to stop?"""
    return state in (ACCEPTED, EXECUTING)


def transition(state: int, event: GoalEvent) -> int:
    """Return the state after `event`; RCLError where the event cannot happen in `state`."""
    try:
        return _TRANSITIONS[state, event]
    except KeyError:
        raise RCLError(
            f"Failed to update goal state: goal_handle attempted invalid transition from state {_NAMES[state]} "
            f"with event {GoalEvent(event).name}"
        ) from None
