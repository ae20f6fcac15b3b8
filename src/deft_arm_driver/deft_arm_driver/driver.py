"""The arm as the node sees it: enable, disable, move, follow. Planner, gate, recovery and streaming put together."""

import threading
from collections.abc import Callable

import numpy as np

from deft_arm_driver.limits import apply_limits
from deft_arm_driver.recovery import recover
from deft_arm_driver.session import ArmSession
from deft_arm_driver.streaming import Streamer, StreamSettings
from deft_core.gate import arm_gate
from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_core.planner import ArmPlanner, JointTrajectory
from deft_core.workcell import WorkcellConfig
from deft_driver.faults import CanceledFault, DeviceFault, RefusedFault

# An arm that pushes against what it holds stands this far from where the way begins; that is no speed asked for.
_SHORT_M = 0.03
Progress = Callable[[float], None]
Canceled = Callable[[], bool]


class ArmDriver:
    """Drives one arm. One motion at a time; `disable` may come from any thread."""

    def __init__(self, cell: WorkcellConfig, hand: HandModel, session: ArmSession) -> None:
        self.cell, self.hand, self.session = cell, hand, session
        self.planner = ArmPlanner(cell.arm, hand)
        self._gate = arm_gate(cell, hand)
        self._joint_speed = min(2.0 * cell.arm.max_joint_speed_radps, 3.14)
        arm = cell.arm
        rate = StreamSettings(arm.control_hz, cell.time_scale, arm.max_command_age_s, self._joint_speed)
        self._streamer = Streamer(session, self._gate, rate)
        self._moving = threading.Lock()
        self._enabling = threading.Lock()

    def connect(self, deadline_s: float, alive: Callable[[], bool] = lambda: True) -> None:
        """Connect; raises `DeviceFault` if there is no controller, or a real one where a twin was promised."""
        self.session.connect(deadline_s, alive)
        if self.cell.time_scale != 1.0 and not self.session.is_twin:
            host = self.cell.arm.host
            self.session.close()
            raise DeviceFault(
                f"time_scale is {self.cell.time_scale}, but the controller at {host} is a real one: it lives at 1"
            )

    def close(self) -> None:
        """Stop the arm and disconnect."""
        self._streamer.halt("shut down")
        self.session.close()

    @property
    def busy(self) -> bool:
        """Whether a motion is under way."""
        return self._moving.locked()

    @property
    def disabled_by(self) -> str:
        """Why the arm does not move; empty when it may."""
        return self._streamer.halted_by

    def enable(self) -> str:
        """Recover the controller, write its limits and allow motion; moves nothing.

        Returns:
            What was done, in a sentence.

        Raises:
            DeviceFault, GateRefused: the controller cannot be made ready, or was stopped meanwhile; motion is
                forbidden then, also where it was allowed before.
        """
        if self.busy:
            raise DeviceFault("a motion is under way: wait for it, or cancel it first")
        with self._enabling:
            # The reason it stood still is kept until everything below has worked.
            prepared = self._streamer.prepare()
            try:
                first = recover(self.session)
                apply_limits(self.session, self.cell.arm, self.hand, self._joint_speed)
                recover(self.session)
                self.session.wait_until_ready()
                self._streamer.resume(prepared)
            except Exception:
                self.session.stop()  # recovery made it ready
                raise
        cleared = f", error {first.error} cleared" if first.error else ""
        return f"enabled after {first.rounds} round{'s' if first.rounds > 1 else ''}{cleared}"

    def disable(self, reason: str) -> None:
        """Stop at once and forbid motion."""
        self._streamer.halt(reason)

    def wrist_pose(self) -> Array:
        """T_base_wrist (4, 4) as last reported."""
        return self.planner.wrist_pose(self.session.report.q)

    def move(
        self,
        T_base_wrist: Array,
        straight: bool,
        speed_mps: float,
        speed_radps: float,
        on_progress: Progress,
        canceled: Canceled,
    ) -> None:
        """Bring the wrist to a pose; zero speeds take the workcell's. Raises `Unreachable` or a `DriverFault`."""
        most_mps = max(self.cell.arm.speed_mps, self.cell.follow_speed_limit_mps)
        for name, value, most in (
            ("speed_mps", speed_mps, most_mps),
            ("speed_radps", speed_radps, self.cell.arm.speed_radps),
        ):
            if not (np.isfinite(value) and 0.0 <= value <= most):
                raise RefusedFault(f"{name} = {value}: this workcell allows 0 (its default) to {most}")
        self._run(lambda q: self.planner.move(q, T_base_wrist, straight, speed_mps, speed_radps), on_progress, canceled)

    def follow(self, poses: Array, times_s: Array, on_progress: Progress, canceled: Canceled) -> None:
        """Lead the wrist through poses (n, 4, 4) at robot times (n,). Raises `Unreachable` or a `DriverFault`."""
        times = np.asarray(times_s, dtype=float)
        if len(poses) == 0 or len(poses) != len(times):
            raise RefusedFault(f"{len(poses)} poses and {len(times)} times: expected as many of both, at least one")
        if not np.isfinite(times).all() or (np.diff(times, prepend=0.0) <= 0.0).any():
            raise RefusedFault("times_s must be finite, strictly increasing and above zero")
        way_m = np.linalg.norm(np.diff([self.wrist_pose()[:3, 3], *poses[:, :3, 3]], axis=0), axis=1)
        most_mps = self.cell.follow_speed_limit_mps
        # Where it stands is the robot's affair, not the client's: it is given the time to come to where the way begins.
        times = times + max((way_m[0] - _SHORT_M) / most_mps - times[0], 0.0)
        speed = way_m[1:] / np.diff(times)
        if len(speed) and speed.max() > most_mps * 1.001:
            pose = int(np.argmax(speed)) + 1
            raise RefusedFault(
                f"pose {pose + 1} asks the wrist for {speed[pose - 1]:.2f} m/s: this workcell allows {most_mps} "
                "(follow_speed_limit_mps); give it more time"
            )
        self._run(lambda q: self.planner.follow(q, poses, times), on_progress, canceled)

    def _run(self, plan: Callable[[Array], JointTrajectory], on_progress: Progress, canceled: Canceled) -> None:
        if not self._moving.acquire(blocking=False):
            raise RefusedFault("the arm is busy with another motion")
        try:
            trajectory = plan(self._streamer.start())
            if canceled():
                raise CanceledFault("canceled by the client")
            self._streamer.run(trajectory, on_progress, canceled)
        finally:
            self._moving.release()
