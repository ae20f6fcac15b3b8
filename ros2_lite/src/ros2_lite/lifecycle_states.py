"""The state machine of lifecycle nodes (rcl_lifecycle's default)."""

from __future__ import annotations

from typing import NamedTuple

from rclpy._rclpy_pybind11 import RCLError

# lifecycle_msgs/msg/State
STATES = {
    0: "unknown",
    1: "unconfigured",
    2: "inactive",
    3: "active",
    4: "finalized",
    10: "configuring",
    11: "cleaningup",
    12: "shuttingdown",
    13: "activating",
    14: "deactivating",
    15: "errorprocessing",
}
_NUMBERS = {label: number for number, label in STATES.items()}


class Transition(NamedTuple):
    """A transition: id (lifecycle_msgs/msg/Transition), label, and the states it leads from and to."""

    number: int
    label: str
    start: int
    goal: int


def _transitions() -> list[Transition]:
    found = []

    def add(number: int, label: str, start: str, goal: str) -> None:
        found.append(Transition(number, label, _NUMBERS[start], _NUMBERS[goal]))

    # (id and label of the request, first id of its outcomes, from, during, after success, after failure)
    for number, label, outcome, start, during, success, failure in (
        (1, "configure", 10, "unconfigured", "configuring", "inactive", "unconfigured"),
        (2, "cleanup", 20, "inactive", "cleaningup", "unconfigured", "inactive"),
        (3, "activate", 30, "inactive", "activating", "active", "inactive"),
        (4, "deactivate", 40, "active", "deactivating", "inactive", "active"),
    ):
        add(number, label, start, during)
        add(outcome, "transition_success", during, success)
        add(outcome + 1, "transition_failure", during, failure)
        add(outcome + 2, "transition_error", during, "errorprocessing")
    for number, start in ((5, "unconfigured"), (6, "inactive"), (7, "active")):
        add(number, "shutdown", start, "shuttingdown")
    add(50, "transition_success", "shuttingdown", "finalized")
    add(51, "transition_failure", "shuttingdown", "finalized")
    add(52, "transition_error", "shuttingdown", "errorprocessing")
    add(60, "transition_success", "errorprocessing", "unconfigured")
    add(61, "transition_failure", "errorprocessing", "finalized")
    add(62, "transition_error", "errorprocessing", "finalized")
    return found


TRANSITIONS = _transitions()


def available(state: int) -> list[Transition]:
    """Return the transitions that lead from a state."""
    return [transition for transition in TRANSITIONS if transition.start == state]


def by_id(state: int, number: int) -> Transition:
    """Return a transition from a state by id; RCLError where there is none."""
    for transition in available(state):
        if transition.number == number:
            return transition
    raise RCLError(f"Transition is not registered: no transition {number} from state '{STATES[state]}'")


def by_label(state: int, label: str) -> Transition:
    """Return a transition from a state by label; RCLError where there is none."""
    for transition in available(state):
        if transition.label == label:
            return transition
    raise RCLError(f"Transition is not registered: no transition '{label}' from state '{STATES[state]}'")
