"""Plan arm motion: from wrist poses to joint trajectories in robot time, within limits."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import CubicSpline, PchipInterpolator

from deft_core import kinematics
from deft_core.errors import Unreachable
from deft_core.geometry import Array, interpolate, inverse, rotation_angle
from deft_core.hand import HandModel

if TYPE_CHECKING:
    from deft_core.workcell import ArmSettings

# Spacing of inverse-kinematics solutions along a path; joint angles between them come from a spline.
_KNOT_M = 0.02
_KNOT_RAD = 0.12
# A joint that turns this far between neighbouring knots has jumped to another arm configuration; one that turns more
# than the lesser angle is near a singularity, where the way gives in a little instead.
_JUMP_RAD, _SMOOTH_RAD = 0.8, 0.35


@dataclass(frozen=True, eq=False)
class JointTrajectory:
    """Joint angles over robot time, smooth, at rest at both ends. `sample(t)` clamps t to [0, duration]."""

    knots_s: Array
    knots_rad: Array
    _spline: CubicSpline | PchipInterpolator

    @property
    def duration_s(self) -> float:
        """Robot seconds from start to end."""
        return float(self.knots_s[-1])

    def preview(self, step_s: float = 0.05) -> Array:
        """Joint angles (n, 6) along the whole way, for `Gate.foresee`."""
        return self.sample(np.append(np.arange(0.0, self.duration_s, step_s), self.duration_s))

    def sample(self, t: ArrayLike) -> Array:
        """Joint angles (..., 6) at robot times t (...)."""
        return self._spline(np.clip(t, 0.0, self.duration_s))


class ArmPlanner:
    """Plans for one arm with one hand on its flange."""

    def __init__(self, settings: "ArmSettings", hand: HandModel) -> None:
        self.settings = settings
        self.T_wrist_eef = hand.T_wrist_eef
        self._T_eef_wrist = inverse(hand.T_wrist_eef)

    def wrist_pose(self, q: ArrayLike) -> Array:
        """T_base_wrist (4, 4) at joint angles (6,)."""
        return kinematics.flange_pose(np.asarray(q, dtype=float)) @ self._T_eef_wrist

    def solve(self, T_base_wrist: Array, q_near: Array) -> Array:
        """Joint angles (6,) for a wrist pose; raises `Unreachable`.

        Solved from home first, so that the arm unwinds to the same configuration whatever it did before; from `q_near`
        where home's configuration does not reach.
        """
        failure: Unreachable | None = None
        for start in (np.asarray(self.settings.home_rad), np.asarray(q_near, dtype=float)):
            try:
                return kinematics.inverse_kinematics(T_base_wrist @ self.T_wrist_eef, start)
            except Unreachable as error:
                failure = error
        assert failure is not None
        raise failure

    def move(
        self, q: ArrayLike, T_base_wrist: Array, straight: bool, speed_mps: float = 0.0, speed_radps: float = 0.0
    ) -> JointTrajectory:
        """Plan from joint angles q (6,) to a wrist pose; zero speeds take the workcell's (in joint space the joints').

        A straight way ends at the goal exactly, but for one beside a wrist singularity, where the end may give in as
        the way does (`yielding_kinematics`).

        Raises:
            Unreachable: the goal, or a pose on the straight way to it, is out of the arm's reach.
        """
        q = np.asarray(q, dtype=float)
        if not straight:
            return self._slowed(self.move_joints(q, self.solve(T_base_wrist, q)), speed_mps, speed_radps)
        speed_mps = speed_mps or self.settings.speed_mps
        speed_radps = speed_radps or self.settings.speed_radps
        distance, angle = _apart(self.wrist_pose(q), T_base_wrist)
        path = self.way(q, T_base_wrist)
        # Quintic rest-to-rest profile: its peak speed is 15/8 of the mean.
        duration = max(15 / 8 * distance / speed_mps, 15 / 8 * angle / speed_radps, 0.1)
        u = np.linspace(0.0, 1.0, max(12, 2 * (len(path) - 1)) + 1)
        s = u**3 * (10 - 15 * u + 6 * u**2)
        along = CubicSpline(np.linspace(0.0, 1.0, len(path)), path, axis=0)(s)
        return self._timed(u * duration, along)

    def way(self, q: ArrayLike, T_base_wrist: Array) -> Array:
        """Joint angles (n, 6) at places evenly spread on the straight way from q (6,), the first, to a wrist pose.

        Raises:
            Unreachable: the goal, or a pose on the way to it, is out of the arm's reach.
        """
        q = np.asarray(q, dtype=float)
        T0 = self.wrist_pose(q)
        distance, angle = _apart(T0, T_base_wrist)
        knots = max(4, int(np.ceil(max(distance / _KNOT_M, angle / _KNOT_RAD))))
        poses = interpolate(T0, T_base_wrist, np.linspace(0.0, 1.0, knots + 1)[1:])
        return np.vstack([q, self._solve_path(q, poses, smooth_end=False)])

    def move_joints(self, q: ArrayLike, q_goal: ArrayLike) -> JointTrajectory:
        """Plan from rest to rest in joint space along a quintic."""
        q, goal = np.asarray(q, dtype=float), np.asarray(q_goal, dtype=float)
        u = np.linspace(0.0, 1.0, 21)
        s = u**3 * (10 - 15 * u + 6 * u**2)
        duration = max(15 / 8 * float(np.abs(goal - q).max()) / self.settings.max_joint_speed_radps, 0.1)
        return self._timed(u * duration, q + s[:, None] * (goal - q))

    def _slowed(self, way: JointTrajectory, speed_mps: float, speed_radps: float) -> JointTrajectory:
        """Stretch time until the wrist is nowhere faster than asked for; zero asks for nothing."""
        if not (speed_mps or speed_radps):
            return way
        t = np.linspace(0.0, way.duration_s, 8 * len(way.knots_s))
        poses = [self.wrist_pose(q) for q in way.sample(t)]
        apart = np.array([_apart(a, b) for a, b in pairwise(poses)]) / (t[1] - t[0])
        asked = np.array([speed_mps or np.inf, speed_radps or np.inf])
        return self._timed(way.knots_s * max(1.0, float((apart / asked).max())), way.knots_rad)

    def follow(self, q: ArrayLike, poses: Array, times_s: ArrayLike) -> JointTrajectory:
        """Plan through wrist poses (n, 4, 4) at robot times (n,); slows down where joints would be too fast.

        Raises:
            Unreachable: names the first pose that is out of reach.
        """
        q, times = np.asarray(q, dtype=float), np.asarray(times_s, dtype=float)
        if len(poses) != len(times) or not len(times) or (np.diff(times, prepend=0.0) <= 0).any():
            raise ValueError("a wrist trajectory needs one strictly increasing time above zero for each pose")
        path = np.vstack([q, self._solve_path(q, poses)])
        return self._timed(np.concatenate([[0.0], times]), path)

    def _solve_path(self, q: Array, poses: Array, smooth_end: bool = True) -> Array:
        """Joint angles (n, 6) along poses (n, 4, 4); without `smooth_end` the last pose is exact if the arm can."""
        out = np.empty((len(poses), kinematics.DOF))
        for i, T in enumerate(poses):
            try:
                smooth = smooth_end or i < len(poses) - 1
                out[i] = q = self._solve_near(T @ self.T_wrist_eef, q, _SMOOTH_RAD if smooth else _JUMP_RAD)
            except Unreachable as error:
                raise Unreachable(f"pose {i + 1} of {len(poses)} on the way {error}") from None
        return out

    def _solve_near(self, T_base_eef: Array, q: Array, smooth_rad: float) -> Array:
        """Joint angles (6,) for the next pose (4, 4) on a way from q (6,), exact where no joint turns further."""
        exact, failure = q, ""
        try:
            exact = kinematics.inverse_kinematics(T_base_eef, q)
        except Unreachable as error:
            failure = f"is out of reach: {error}"
        turned = float(np.abs(exact - q).max())
        if not failure and turned <= smooth_rad:
            return exact
        try:
            return kinematics.yielding_kinematics(T_base_eef, q, self._T_eef_wrist[:3, 3])
        except Unreachable:
            if not failure and turned <= _JUMP_RAD:
                return exact
            raise Unreachable(failure or "needs another arm configuration") from None

    def _timed(self, times: Array, q: Array) -> JointTrajectory:
        """Fit a spline at rest at both ends, and stretch time until speed and acceleration are within limits."""
        limits = (self.settings.max_joint_speed_radps, self.settings.max_joint_acceleration_radps2)
        for _ in range(8):
            spline = CubicSpline(times, q, axis=0, bc_type="clamped")
            t = np.linspace(0.0, times[-1], 8 * len(times))
            speed = float(np.abs(spline(t, 1)).max()) / limits[0]
            acceleration = float(np.abs(spline(t, 2)).max()) / limits[1]
            stretch = max(speed, np.sqrt(acceleration))
            if stretch <= 1.0:
                break
            times = times * (stretch * 1.02)
        inside = np.clip(spline(t), kinematics.JOINT_LOWER, kinematics.JOINT_UPPER)
        if np.abs(inside - spline(t)).max() > 0.0:  # overshoot past a limit between knots: shape-preserving spline
            return JointTrajectory(times, q, PchipInterpolator(times, q, axis=0))
        return JointTrajectory(times, q, spline)


def _apart(A: Array, B: Array) -> tuple[float, float]:
    """How far (m) and by what angle (rad) two poses (4, 4) are apart."""
    return float(np.linalg.norm(B[:3, 3] - A[:3, 3])), rotation_angle(A[:3, :3].T @ B[:3, :3])
