"""What a device controller may do to the robot in the twin, and what it can measure there.

The emulated xArm controller and the emulated Dynamixel bus hold a `RobotPort` and nothing else of the twin. The live
twin (`deft_sim.live.LiveTwin`) implements it thread-safely; tests may hand in their own.
"""

from dataclasses import dataclass
from typing import Protocol

from deft_core.geometry import Array
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class ArmState:
    """What the arm's own sensors say at one instant.

    Attributes:
        time_s: robot time since the twin started, seconds.
        q: (6,) joint angles, rad.
        dq: (6,) joint speeds, rad/s.
        tau: (6,) motor torques, N m.
        servo_on: the joints are powered and hold their targets; off means brakes on.
        collision: the dynamics controller felt an aggressive push; the arm holds where it was. Latched until
            `clear_collision`.
    """

    time_s: float
    q: Array
    dq: Array
    tau: Array
    servo_on: bool
    collision: bool


@dataclass(frozen=True, eq=False)
class HandState:
    """What the twelve hand motors report, in the motor order of the hand's YAML.

    Attributes:
        time_s: robot time, seconds.
        position: (12,) motor shaft angles, rad; 0 where the hand is flat.
        velocity: (12,) rad/s.
        current_a: (12,) signed motor currents, amperes.
    """

    time_s: float
    position: Array
    velocity: Array
    current_a: Array


class RobotPort(Protocol):
    """The robot's motors and encoders. Every method returns at once and may be called from any thread."""

    @property
    def time_scale(self) -> float:
        """Robot seconds that pass in one wall second."""

    def now_s(self) -> float:
        """Robot time, seconds."""

    def arm_state(self) -> ArmState:
        """The latest arm measurement (fresh every 4 ms of robot time)."""

    def set_arm_target(self, q: ArrayLike) -> None:
        """Servo the joints to q (6,) rad. The last target wins; the joints follow at no more than their top speed.

        Trajectories are the controller's business: stream targets at its rate. Ignored with the servos off or a
        collision latched.
        """

    def set_arm_servo(self, on: bool) -> None:
        """Power the joints (hold where they are) or put the brakes on."""

    def set_collision_sensitivity(self, level: int) -> None:
        """0 (off) to 5 (most sensitive), as the vendor's setting."""

    def clear_collision(self) -> None:
        """Forget a latched collision; the arm goes on holding where it stands."""

    def hand_state(self) -> HandState:
        """The latest motor measurement."""

    def set_hand(self, goal: ArrayLike, current_limit_a: ArrayLike, torque_on: ArrayLike) -> None:
        """Drive all motors in current-based position mode.

        Args:
            goal: (12,) motor shaft angles, rad.
            current_limit_a: (12,) goal currents, amperes: no motor takes more.
            torque_on: (12,) booleans; a motor without torque turns freely.
        """
