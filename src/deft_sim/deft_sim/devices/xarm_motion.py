"""How the emulated controller's set-points move along queued moves, with trapezoidal speed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core import kinematics
from deft_core.geometry import Array, interpolate, transform

# Ranges of the xArm6 (SDK: XCONF.Robot.JOINT_LIMITS, type 6), rad.
TWO_PI = 2.0 * np.pi
JOINT_LOWER: Array = np.array([-TWO_PI, -2.059488, -3.92699, -TWO_PI, -1.692969, -TWO_PI])
JOINT_UPPER: Array = np.array([TWO_PI, 2.094395, 0.191986, TWO_PI, np.pi, TWO_PI])
LIMIT_MARGIN_RAD = np.radians(0.1)
MAX_JOINT_SPEED_RADPS = 3.14
# A way shorter than this (mm or rad) is none: its times would drown in rounding.
_NO_WAY = 1e-9


def within_limits(q: Array) -> bool:
    """Whether joint angles (6,) are inside the arm's ranges."""
    return bool(((q >= JOINT_LOWER - LIMIT_MARGIN_RAD) & (q <= JOINT_UPPER + LIMIT_MARGIN_RAD)).all())


def pose_to_transform(pose: Array) -> Array:
    """(4, 4) metres from the controller's pose (6,): mm, and roll, pitch, yaw about fixed axes in rad."""
    return transform(Rotation.from_euler("xyz", pose[3:6]).as_matrix(), np.asarray(pose[:3]) * 1e-3)


def transform_to_pose(T: Array) -> Array:
    """Controller's pose (6,) of a transform."""
    R = T[:3, :3]
    across = float(np.hypot(R[0, 0], R[1, 0]))
    pitch = np.arctan2(-R[2, 0], across)
    if across > 1e-9:
        roll, yaw = np.arctan2(R[2, 1], R[2, 2]), np.arctan2(R[1, 0], R[0, 0])
    else:  # looking along z, roll and yaw are one turn: all of it goes to roll
        roll, yaw = np.arctan2(-R[1, 2], R[1, 1]), 0.0
    return np.concatenate([T[:3, 3] * 1e3, [roll, pitch, yaw]])


def axis_angle_to_transform(pose: Array) -> Array:
    """(4, 4) metres from a pose (6,): mm, and axis times angle in rad."""
    return transform(Rotation.from_rotvec(pose[3:6]).as_matrix(), np.asarray(pose[:3]) * 1e-3)


def transform_to_axis_angle(T: Array) -> Array:
    """Pose (6,) in mm and axis times angle of a transform."""
    return np.concatenate([T[:3, 3] * 1e3, Rotation.from_matrix(T[:3, :3]).as_rotvec()])


@dataclass(frozen=True)
class Trapezoid:
    """Distance along a way of length `length` under a speed and an acceleration limit, from rest to rest."""

    length: float
    speed: float
    acceleration: float

    @property
    def ramp_s(self) -> float:
        """Seconds of speeding up."""
        return min(self.speed / self.acceleration, float(np.sqrt(self.length / self.acceleration)))

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        if self.length <= _NO_WAY:
            return 0.0
        ramp = self.ramp_s
        return 2.0 * ramp + (self.length - self.acceleration * ramp**2) / (self.acceleration * ramp)

    def fraction(self, t: float) -> float:
        """Share of the way gone after t seconds, 0 to 1."""
        total = self.duration_s
        if t >= total:
            return 1.0
        ramp, a = self.ramp_s, self.acceleration
        if t < ramp:
            gone = 0.5 * a * t * t
        elif t < total - ramp:
            gone = a * ramp * (t - 0.5 * ramp)
        else:
            gone = self.length - 0.5 * a * (total - t) ** 2
        return gone / self.length


class Move(Protocol):
    """One queued instruction."""

    @property
    def duration_s(self) -> float:
        """Robot seconds it takes."""
        ...

    def at(self, t: float, q: Array) -> Array:
        """Set-point (6,) at t seconds; `q` is the last one."""
        ...


@dataclass(frozen=True, eq=False)
class JointMove:
    """All joints start and arrive together."""

    start: Array
    goal: Array
    profile: Trapezoid

    @classmethod
    def between(cls, start: Array, goal: Array, speed: float, acceleration: float) -> "JointMove":
        """Plan with the limits (rad/s, rad/s^2) on the joint that has furthest to go."""
        return cls(start, goal, Trapezoid(float(np.abs(goal - start).max()), speed, acceleration))

    @property
    def duration_s(self) -> float:
        """Robot seconds it takes."""
        return self.profile.duration_s

    def at(self, t: float, q: Array) -> Array:
        """Set-point (6,) at t seconds."""
        return self.start + self.profile.fraction(t) * (self.goal - self.start)


@dataclass(frozen=True, eq=False)
class LineMove:
    """The flange goes straight; joints follow by inverse kinematics."""

    start: Array
    goal: Array
    profile: Trapezoid
    solve: Callable[[Array, Array], Array]

    @property
    def duration_s(self) -> float:
        """Robot seconds it takes."""
        return self.profile.duration_s

    def at(self, t: float, q: Array) -> Array:
        """Set-point (6,) at t seconds; raises `Unreachable` where the way leaves the arm's reach."""
        return self.solve(interpolate(self.start, self.goal, self.profile.fraction(t))[0], q)


@dataclass(frozen=True, eq=False)
class CircleMove:
    """The tool goes along a circle with its rotation unchanged; joints follow by inverse kinematics."""

    start: Array
    centre: Array
    normal: Array
    angle: float
    profile: Trapezoid
    solve: Callable[[Array, Array], Array]

    @classmethod
    def through(
        cls, start: Array, points: tuple[Array, Array], share: float, limits: tuple[float, float], solve: Callable
    ) -> "CircleMove":
        """Plan from a pose (4, 4) through two points (3,) m for a share of the full circle (mm/s, mm/s^2).

        Raises:
            ValueError: the three points are on a line.
        """
        a, b = points[0] - start[:3, 3], points[1] - start[:3, 3]
        normal = np.cross(a, b)
        size = float(normal @ normal)
        if size < 1e-6 * float((a @ a) * (b @ b)) or size == 0.0:
            raise ValueError("three points on a line make no circle")
        centre = start[:3, 3] + (np.cross(normal, a) * (b @ b) + np.cross(b, normal) * (a @ a)) / (2.0 * size)
        radius = float(np.linalg.norm(start[:3, 3] - centre))
        angle = share * TWO_PI
        profile = Trapezoid(radius * abs(angle) * 1e3, *limits)
        return cls(start, centre, normal / np.sqrt(size), angle, profile, solve)

    @property
    def duration_s(self) -> float:
        """Robot seconds it takes."""
        return self.profile.duration_s

    def pose(self, fraction: float) -> Array:
        """Tool pose (4, 4) at a fraction of the way."""
        turn = Rotation.from_rotvec(self.normal * (fraction * self.angle)).as_matrix()
        return transform(self.start[:3, :3], self.centre + turn @ (self.start[:3, 3] - self.centre))

    def at(self, t: float, q: Array) -> Array:
        """Set-point (6,) at t seconds; raises `Unreachable` where the way leaves the arm's reach."""
        return self.solve(self.pose(self.profile.fraction(t)), q)


@dataclass(frozen=True)
class Wait:
    """Stand still."""

    duration_s: float

    def at(self, t: float, q: Array) -> Array:
        """Set-point (6,): the last one."""
        return q


@dataclass(frozen=True, eq=False)
class VelocityMove:
    """Modes 4 and 5: joint speeds, or a flange twist in base, until told otherwise or `duration_s` is over."""

    values: Array
    cartesian: bool
    duration_s: float

    def speeds(self, q: Array) -> Array:
        """Joint speeds (6,) at joint angles q; the damped inverse stays finite at singularities."""
        if not self.cartesian:
            return self.values
        J = kinematics.jacobian(q)
        return J.T @ np.linalg.solve(J @ J.T + 1e-4 * np.eye(6), self.values)
