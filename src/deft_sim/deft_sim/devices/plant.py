"""What the emulated devices stand on: an arm and a hand that live in robot time.

The devices hold everything a controller knows (modes, errors, profiles, limits, registers); a plant holds only bodies.
A plant's owner lets time pass and calls `tick()` of each device once a control period (4 ms of robot time, say); the
device then reads the plant's state, moves its set-points on to that time and hands them back. Requests arrive meanwhile
on the devices' own threads, so both methods of a plant must be safe to call from any thread and cheap.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArmState:
    """One instant of the arm.

    Attributes:
        time_s: robot seconds; never goes back.
        q: joint angles (6,), rad.
        qd: joint speeds (6,), rad/s.
        torque_nm: torques of the joints' motors (6,), N m.
        external_nm: torques (6,), N m, that contacts put on the joints: what a collision shows up in.
    """

    time_s: float
    q: Array
    qd: Array
    torque_nm: Array
    external_nm: Array


class ArmPlant(Protocol):
    """An arm whose joints follow position targets."""

    def arm_state(self) -> ArmState:
        """Return the latest state."""
        ...

    def command_arm(self, q: Array) -> None:
        """Set the joint targets (6,), rad. They hold until the next call; a stopped arm's target does not change."""
        ...


@dataclass(frozen=True, slots=True)
class HandState:
    """One instant of the hand's motors, in the order of the bus's ids.

    Attributes:
        time_s: robot seconds; never goes back.
        position_rad: shaft angles (n,), rad, zero at pulse 2048.
        velocity_radps: shaft speeds (n,), rad/s.
        current_a: motor currents (n,), A, signed like the torque.
    """

    time_s: float
    position_rad: Array
    velocity_radps: Array
    current_a: Array


class HandPlant(Protocol):
    """Motors that follow position goals with at most a given current."""

    def hand_state(self) -> HandState:
        """Return the latest state."""
        ...

    def command_hand(self, goal_rad: Array, current_limit_a: Array, torque_on: NDArray[np.bool_]) -> None:
        """Set goals (n,), rad, greatest currents (n,), A, and which motors hold at all (n,)."""
        ...
