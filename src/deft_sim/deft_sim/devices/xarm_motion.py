"""How the emulated controller's set-points move: queued moves with trapezoidal speed, and the servo mode's follower."""

from collections import deque
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
# The servo mode's set-points are joined by straight pieces as long as the commands are apart, at most this long.
_LONGEST_PIECE_S = 0.25
_SHORTEST_PIECE_S = 0.004
# Commands whose pace is within this factor of the workcell's are its driver's.
_NEAR = 3.0
# Pieces of the way that may be known beyond now before a sender runs ahead of a late twin, and that are kept at most.
_AHEAD_PIECES = 1.6
_MOST_PIECES = 4
# A way shorter than this (mm or rad) is none: its times would drown in rounding.
_NO_WAY = 1e-9
# A stream whose last command was faster than this did not mean to end there.
_STREAMING_RADPS = 0.05


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


class ServoFollower:
    """Mode 1: the set-point goes straight on from each command to the next.

    A command's piece of the way lasts as long as its sender means commands to be apart. One that comes early waits for
    the end of the piece before it, so that a stream is followed at its own speed in robot time however unevenly it
    comes in; of a flood only the last command counts. The pace is the workcell's where the commands keep near it, else
    what they have lately been apart. A first command is approached as fast as the limit allows.

    Args:
        q: (6,) rad, where the set-point stands.
        time_s: robot time.
        period_s: robot seconds between the commands of the workcell's own driver; 0 if it is not known.
    """

    def __init__(self, q: Array, time_s: float, period_s: float = 0.0) -> None:
        self._way: deque[tuple[float, Array]] = deque([(time_s, q.copy())])  # end of each piece, goal at its end
        self._sent_s = -np.inf
        self._period_s = period_s
        self._apart_s = period_s or _SHORTEST_PIECE_S
        self._speed = 0.0
        self._held = False

    @property
    def _piece_s(self) -> float:
        known = self._period_s and self._period_s / _NEAR < self._apart_s < self._period_s * _NEAR
        return self._period_s if known else self._apart_s

    def command(self, q: Array, time_s: float, sent_s: float) -> None:
        """Take a new goal (6,), rad, at robot time `time_s`; `sent_s` is the same on the sender's own clock."""
        apart = sent_s - self._sent_s
        # A longer gap is a new stream, or a sender that was held up: the pace so far is still the best guess. One that
        # was made to wait for its answer shows no pace of its own.
        if apart <= _LONGEST_PIECE_S and not self._held:
            self._apart_s += 0.3 * (max(apart, _SHORTEST_PIECE_S) - self._apart_s)
        self._sent_s = sent_s
        piece = self._piece_s
        end, before = self._way[-1]
        self._speed = float(np.abs(q - before).max()) / piece
        if len(self._way) > _MOST_PIECES:
            self._way[-1] = (end, q.copy())
        else:
            # Robot time goes by in ticks: a piece that ended within the last one is gone on from at its end.
            self._way.append(((end if time_s - end <= _SHORTEST_PIECE_S else time_s) + piece, q.copy()))
        self._held = self.ahead(time_s)

    def ahead(self, time_s: float) -> bool:
        """Whether more of the way is known than a sender in step with robot time would have told."""
        return self._way[-1][0] - time_s > _AHEAD_PIECES * self._piece_s

    def hungry(self, time_s: float) -> bool:
        """Whether the set-point has come to the end of the last command in full motion, and none has followed."""
        return time_s >= self._way[-1][0] and self._speed > _STREAMING_RADPS

    def rest(self) -> None:
        """Take it that the stream has ended."""
        self._speed = 0.0

    def at(self, time_s: float, dt_s: float, q: Array, limit_radps: float) -> Array:
        """Set-point (6,) at a robot time, `dt_s` after the set-point q."""
        while len(self._way) > 1 and self._way[0][0] <= time_s - dt_s:
            self._way.popleft()
        end, goal = self._way[0]
        left = max(end - time_s + dt_s, dt_s)
        step = (goal - q) * (dt_s / left)
        return q + np.clip(step, -limit_radps * dt_s, limit_radps * dt_s)

    def arrived(self, q: Array) -> bool:
        """Whether a set-point is at the last goal."""
        return bool(np.abs(self._way[-1][1] - q).max() < 1e-9)
