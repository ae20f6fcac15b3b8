"""The one gate that every motor command passes: finite, in limits, in the workspace, in speed, fresh; fails closed.

A gate starts closed. `open()` lets commands pass, `close()` (a stop, a device fault, a shutdown) refuses them until
somebody opens it again. A command that breaks a rule is refused and closes the gate: what made it cannot be trusted
with the next.
"""

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from deft_core import kinematics
from deft_core.arm_shape import SelfClearance, hard_parts
from deft_core.clearance import Clearance
from deft_core.errors import GateRefused
from deft_core.geometry import Array, inverse
from deft_core.hand import HandModel
from deft_core.workcell import WorkcellConfig

# A hair of tolerance, so that a command computed on the limit is not refused for its last bit.
_EPS = 1e-6

# By how much a command breaks each rule of place (metres, 0 where it keeps one), and what each broken one says.
SpaceRule = Callable[[Array], tuple[Array, list[str]]]


class Gate:
    """Checks commands of one device. Thread-safe: a stop from any thread holds from the next command on.

    Args:
        name: of the device, for messages.
        lower, upper: (n,) position limits, rad.
        max_speed_radps: per joint, in robot time.
        max_age_s: oldest command and oldest state that may still move a motor, host seconds.
        space: the rules of place. A device that was pushed out of them may only be led back: no command may break any
            of them by more than the one before.
    """

    def __init__(
        self,
        name: str,
        lower: ArrayLike,
        upper: ArrayLike,
        max_speed_radps: float,
        max_age_s: float,
        space: SpaceRule | None = None,
    ) -> None:
        self.name = name
        self._lower, self._upper = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
        self._lowest, self._highest = self._lower - _EPS, self._upper + _EPS
        self._max_speed, self._max_age = float(max_speed_radps), float(max_age_s)
        self._space = space
        self._lock = threading.Lock()
        self._closed_by = "not enabled yet"
        self._closings = 0
        self._last: Array | None = None

    @property
    def closed_by(self) -> str:
        """Why the gate is closed; empty when it is open."""
        with self._lock:
            return self._closed_by

    @property
    def closings(self) -> int:
        """How many times it was closed; for `open`."""
        with self._lock:
            return self._closings

    def open(self, position: ArrayLike, closings: int | None = None) -> None:
        """Let commands pass.

        Args:
            position: (n,) where the device is now, rad; the first command is measured against it.
            closings: `closings` as it was when the device began to be made ready. A gate that was closed since stays
                closed: getting ready takes a while, and a stop that comes meanwhile holds.

        Raises:
            GateRefused: it stays closed.
        """
        now = np.asarray(position, dtype=float)
        if now.shape != self._lower.shape or not np.isfinite(now).all():
            raise GateRefused(f"{self.name}: cannot open the gate on a position that is not {self._lower.shape} finite")
        with self._lock:
            if closings is not None and closings != self._closings:
                raise GateRefused(f"{self.name}: stopped while it was made ready; enable again")
            self._closed_by, self._last = "", now.copy()

    def close(self, reason: str) -> None:
        """Refuse everything from now on. The first reason is kept."""
        with self._lock:
            self._closed_by = self._closed_by or reason or "closed"
            self._closings += 1

    def track(self, position: ArrayLike) -> None:
        """Measure the next command's speed from a measured position instead of the last command (between motions)."""
        now = np.asarray(position, dtype=float)
        with self._lock:
            if now.shape == self._lower.shape and np.isfinite(now).all():
                self._last = now.copy()

    def foresee(self, commands: ArrayLike) -> str:
        """Say which rule of place a planned way (n, dof) would break; empty if none. Opens, closes and moves nothing.

        Whoever plans asks before the first command, so that a bad plan costs nothing: `check` closes the gate, this
        does not.
        """
        last = None
        for q in np.atleast_2d(np.asarray(commands, dtype=float)):
            if reason := self._broken_place(q, q if last is None else last):
                return reason
            last = q
        return ""

    def check(self, command: ArrayLike, *, dt_s: float, command_age_s: float, state_age_s: float) -> Array:
        """Return the command (n,) if it may move the device.

        Args:
            command: joint targets, rad.
            dt_s: robot seconds since the last command.
            command_age_s: host seconds since the command was made.
            state_age_s: host seconds since the device last reported its state.

        Raises:
            GateRefused: says which rule, which joint and what the limit is. The gate is closed from then on.
        """
        with self._lock:
            if self._closed_by:
                raise GateRefused(f"{self.name}: gate is closed: {self._closed_by}")
            try:
                q = np.array(command, dtype=float)
                reason = self._broken_rule(q, dt_s, command_age_s, state_age_s)
            except Exception as error:  # a check that cannot be made is a check that failed
                reason = f"check failed: {error}"
            if reason:
                self._closed_by = reason
                self._closings += 1
                raise GateRefused(f"{self.name}: {reason}")
            self._last = q
            return q.copy()

    def _broken_place(self, q: Array, last: Array | None) -> str:
        if q.shape != self._lower.shape:
            return f"command has shape {q.shape}, expected {self._lower.shape}"
        inside = (q >= self._lowest) & (q <= self._highest)  # false for NaN too
        if not inside.all():
            if not np.isfinite(q).all():
                return f"command is not finite at {np.flatnonzero(~np.isfinite(q)).tolist()}"
            j = int(np.argmin(inside))
            return f"joint {j + 1} at {q[j]:.3f} rad is outside [{self._lower[j]:.3f}, {self._upper[j]:.3f}]"
        if self._space is None:
            return ""
        broken, reasons = self._space(q)
        if not broken.any():
            return ""
        worse = broken if last is None else np.where(broken > self._space(last)[0], broken, 0.0)
        return reasons[int(np.argmax(worse))] if worse.any() else ""

    def _broken_rule(self, q: Array, dt_s: float, command_age_s: float, state_age_s: float) -> str:
        if not (0.0 <= command_age_s <= self._max_age):
            return f"command is {command_age_s:.3f} s old, at most {self._max_age} s is allowed"
        if not (0.0 <= state_age_s <= self._max_age):
            return f"device state is {state_age_s:.3f} s old, at most {self._max_age} s is allowed"
        if reason := self._broken_place(q, self._last):
            return reason
        if not dt_s > 0.0:
            return f"time since the last command is {dt_s} s, not above zero"
        if self._last is None:
            return "no measured position to start from"
        speed = np.abs(q - self._last) / dt_s
        if speed.max() > self._max_speed + _EPS:
            j = int(np.argmax(speed))
            return f"joint {j + 1} would turn at {speed[j]:.2f} rad/s, at most {self._max_speed:.2f} is allowed"
        return ""


def arm_gate(cell: WorkcellConfig, hand: HandModel) -> Gate:
    """The arm's gate: joint limits and speed, wrist inside the workspace box, hand and arm clear of table and arm."""
    arm = cell.arm
    T_eef_wrist = inverse(hand.T_wrist_eef)
    clearance, itself = Clearance(hand), SelfClearance(hard_parts(hand))
    box = list(zip(arm.workspace_lower_m, arm.workspace_upper_m, strict=True))
    floor = cell.table_z_m + cell.table_clearance_m

    def space(q: Array) -> tuple[Array, list[str]]:
        frames = kinematics.joint_frames(q)
        T_base_wrist = frames[-1] @ T_eef_wrist
        wrist = T_base_wrist[:3, 3].tolist()
        beyond = max(max(low - at, at - high) for at, (low, high) in zip(wrist, box, strict=True))
        lowest = clearance.of_frames(frames, T_base_wrist)
        gap, parts = itself.of_frames(frames)
        broken = np.array([beyond, floor - lowest, cell.self_clearance_m - gap])
        broken[broken <= _EPS] = 0.0
        if not broken.any():
            return broken, []
        bounds = f"{list(arm.workspace_lower_m)} to {list(arm.workspace_upper_m)}"
        nearest = f"at least {cell.self_clearance_m * 1e3:.0f} mm are to stay between"
        return broken, [
            f"wrist at {np.round(wrist, 3).tolist()} m is outside the workspace {bounds}",
            f"hand or arm would come to {lowest * 1e3:.0f} mm, the table ends at {floor * 1e3:.0f} mm",
            f"the arm would fold onto itself: {parts} {gap * 1e3:.0f} mm apart, {nearest}",
        ]

    # Twice the planner's joint speed: a sample that falls late by a whole period is still legitimate motion.
    speed = min(2.0 * arm.max_joint_speed_radps, 3.14)
    return Gate("arm", kinematics.JOINT_LOWER, kinematics.JOINT_UPPER, speed, arm.max_command_age_s, space)


def hand_gate(cell: WorkcellConfig, hand: HandModel) -> Gate:
    """The hand's gate, over its 16 joints."""
    return Gate("hand", hand.lower, hand.upper, hand.motors.max_speed_radps, cell.hand.max_command_age_s)
