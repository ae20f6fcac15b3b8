"""The node graph as a workcell: an episode's steps become goals of the drivers, the scene and the raters.

What carries goals and requests is a `Link`; the orchestrator's is made of action and service clients. This file knows
what is asked of whom, not how.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from geometry_msgs.msg import Pose

from deft_cem.errors import RunStoppedError
from deft_core import interchange
from deft_core.errors import PerceptionRefused, TryInterrupted, WorkcellError
from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_core.motion import HOLD_S, ArmMove, EpisodeMotion, Step, WristFollow
from deft_core.observation import Affordance, Rating, RGBDFrame
from deft_core.planner import ArmPlanner
from deft_core.workcell import Outcome, WorkcellConfig
from deft_msgs.action import FollowWristTrajectory, MoveToPose, RateEpisode, ResetScene, ShapeHand
from deft_msgs.srv import Enable, PredictAffordance

MOVE, FOLLOW, SHAPE = "/arm/move_to_pose", "/arm/follow_wrist_trajectory", "/hand/shape"
RESET, PREDICT = "/scene/reset", "/deft/predict_affordance"
ENABLE = ("/arm/enable", "/hand/enable")
# Faults of a grasp; the others are the workcell's.
GRASP_FAULTS = ("refused", "unreachable", "collision", "overload")
# Raters that judge by physics, not by looking: they are spared three megabytes a question.
BLIND_RATERS = ("judge",)
# How far to back off upwards before going home from low above the table.
RETREAT_M = 0.12
# A driver may hear of a stop before the orchestrator does, and what it then says is no news to whoever stopped it. The
# stop itself gets this long to arrive and be the reason, host seconds.
STOP_TRAVELS_S = 2.0


class Link(Protocol):
    """How goals and requests travel. Every method gives up with WorkcellError, or RunStoppedError when told to stop."""

    def act(self, name: str, goal: Any, patience_s: float | None) -> Any:
        """Send a goal and wait for its result (None: as long as it takes)."""
        ...

    def call(self, name: str, request: Any, patience_s: float) -> Any:
        """Send a request and wait for its response."""
        ...

    def frame_after(self, stamp_s: float, patience_s: float) -> Any:
        """Wait for a deft_msgs/RGBDFrame captured after a host time."""
        ...

    def wait(self, seconds: float) -> None:
        """Let host time pass."""
        ...


@dataclass
class GraphWorkcell:
    """Workcell and Predictor over the node graph.

    Attributes:
        link: Carries goals and requests.
        cell: Settings; `time_scale` says how fast the robot lives.
        hand: The hand's model.
        task: Name or file of the task, for whoever resets the scene and rates.
        run_id: For raters.
        phase: Of the try, for raters.
        index: Number of the try within it, for raters.
        contact_in_wrist: (3,) metres, of the prior; known after `greet`.
        prior_hash: SHA-256 of the prior's checkpoint; known after `greet`.
    """

    link: Link
    cell: WorkcellConfig
    hand: HandModel
    task: str
    run_id: str = ""
    phase: str = ""
    index: int = 0
    contact_in_wrist: Array = None  # type: ignore[assignment]
    prior_hash: str = ""

    def __post_init__(self) -> None:
        planner = ArmPlanner(self.cell.arm, self.hand)
        self._home = planner.wrist_pose(self.cell.arm.home_rad)
        self._wrist: Array | None = None
        self._moved = 120.0 / self.cell.time_scale + 15.0  # patience with one motion, host seconds

    def enable(self, after_fault_only: bool = False) -> None:
        """Allow motion on both drivers, recovering them where needed."""
        for name in ENABLE:
            request = Enable.Request(enable=True, after_fault_only=after_fault_only)
            answer = self.link.call(name, request, self._moved)
            if not answer.success:
                self.link.wait(STOP_TRAVELS_S)
                raise WorkcellError(f"{name}: {answer.message}")

    def recover(self) -> None:
        """Allow motion again after a fault; what a person has stopped meanwhile stays so, and the run ends."""
        self.enable(after_fault_only=True)

    def greet(self, instruction: str) -> None:
        """Ask the prior once, whatever it sees, for its constants; finds out early that a camera delivers nothing."""
        answer = self._ask_prior(instruction, 0.0)
        if answer.fault not in ("none", "refused", ""):
            raise WorkcellError(f"the prior cannot be asked ({answer.fault}): {answer.message}")

    def reset(self, objects: str, seed: int) -> None:
        """Open the hand, bring the arm home and have the objects put back."""
        self._must(self._shape(np.zeros(16), self.cell.hand.close_s), "opening the hand")
        if self._wrist is not None and self._wrist[2, 3] < self._home[2, 3] - RETREAT_M:
            up = self._wrist.copy()
            up[2, 3] += RETREAT_M
            self._retreat(up, straight=True)  # where it cannot, the way home may still be free
        self._must(self._retreat(self._home, straight=False), "bringing the arm home")
        answer = self.link.act(RESET, ResetScene.Goal(task=self.task, objects=objects, seed=seed), None)
        if not answer.success:
            raise WorkcellError(f"{RESET}: {answer.message}")

    def _retreat(self, T_base_wrist: Array, straight: bool) -> str:
        """Move away from whatever a try ended in; a fault on the way is cleared and the move tried twice more."""
        fault = self._move(T_base_wrist, straight)
        for _ in range(2):
            if fault:
                self.recover()
                fault = self._move(T_base_wrist, straight)
        if fault:
            self.recover()
        return fault

    def look(self) -> RGBDFrame:
        """Take the first capture from now on."""
        msg = self.link.frame_after(time.time(), self.cell.camera.timeout_s)
        try:
            return interchange.frame(msg, self.cell.camera.T_base_camera)
        except ValueError as error:
            raise WorkcellError(f"the camera sent an unusable frame: {error}") from error

    def predict(self, frame: RGBDFrame, instruction: str) -> Affordance:
        """Ask the prior about this capture or a newer one of the same scene."""
        answer = self._ask_prior(instruction, frame.stamp_s)
        if answer.fault == "refused":
            raise PerceptionRefused(answer.message)
        if not answer.success:
            raise WorkcellError(f"{PREDICT} ({answer.fault}): {answer.message}")
        try:
            return interchange.affordance(answer.affordance)
        except ValueError as error:
            raise WorkcellError(f"{PREDICT} answered with an unusable affordance: {error}") from error

    def _ask_prior(self, instruction: str, not_before_s: float) -> Any:
        request = PredictAffordance.Request(instruction=instruction)
        interchange.set_stamp(request.not_before, not_before_s)
        answer = self.link.call(PREDICT, request, self.cell.camera.timeout_s + 30.0)
        if answer.checkpoint_hash:
            if self.prior_hash not in ("", answer.checkpoint_hash):
                raise WorkcellError("the prior's checkpoint changed during the run; begin a new run with the new one")
            self.prior_hash = answer.checkpoint_hash
            self.contact_in_wrist = np.array(answer.contact_in_wrist, dtype=float)
        return answer

    def execute(self, motion: EpisodeMotion) -> Outcome:
        """Run the steps; the first that fails ends the motion. Then hold still for a moment."""
        start = time.perf_counter()
        fault = next((f"{f} ({step.label})" for step in motion if (f := self._step(step))), "")
        self.link.wait(HOLD_S / self.cell.time_scale)
        if fault.startswith(("collision", "overload", "refused")):  # the drivers hold still until enabled again
            self.recover()
        return Outcome(fault, time.perf_counter() - start)

    def _step(self, step: Step) -> str:
        if isinstance(step, ArmMove):
            return self._move(step.T_base_wrist, step.straight)
        if isinstance(step, WristFollow):
            return self._follow(step)
        return self._shape(step.joints, step.duration_s)

    def _move(self, T_base_wrist: Array, straight: bool) -> str:
        goal = MoveToPose.Goal(straight=straight)
        goal.target.header.frame_id = interchange.BASE_FRAME
        interchange.fill_pose(goal.target.pose, T_base_wrist)
        return self._arm_result(MOVE, goal)

    def _follow(self, step: WristFollow) -> str:
        goal = FollowWristTrajectory.Goal()
        goal.header.frame_id = interchange.BASE_FRAME
        goal.poses = [interchange.fill_pose(Pose(), T) for T in step.poses]
        goal.times_s = [float(t) for t in step.times_s]
        return self._arm_result(FOLLOW, goal)

    def _arm_result(self, name: str, goal: Any) -> str:
        result = self.link.act(name, goal, self._moved)
        try:
            self._wrist = interchange.pose(result.reached.pose)
        except ValueError:
            self._wrist = None  # refused before anything moved: no pose was reached
        return self._fault(name, result)

    def _shape(self, joints: Array, duration_s: float) -> str:
        goal = ShapeHand.Goal(joints=np.array(joints, dtype=float), duration_s=float(duration_s))
        return self._fault(SHAPE, self.link.act(SHAPE, goal, self._moved))

    def _fault(self, name: str, result: Any) -> str:
        """A grasp's fault as text, empty for none; raises for what no grasp is to blame for."""
        if result.success:
            return ""
        if result.fault in GRASP_FAULTS:
            return f"{result.fault}: {result.message}"
        if result.fault == "stale":
            self.recover()
            raise TryInterrupted(f"{name}: {result.message}")
        if result.fault in ("stopped", "canceled"):
            self.link.wait(STOP_TRAVELS_S)
            raise RunStoppedError(f"{name} was {result.fault} ({result.message}); finished episodes are kept")
        raise WorkcellError(f"{name} failed ({result.fault or 'no reason given'}): {result.message}")

    @staticmethod
    def _must(fault: str, what: str) -> None:
        if fault:
            raise WorkcellError(f"{what} failed: {fault}; clear the way or recover the device, then resume the run")

    def rate(self, rater: str, initial: RGBDFrame, final: RGBDFrame) -> Rating:
        """Ask a rater's action about the try that was just executed; a person may take minutes."""
        goal = RateEpisode.Goal(run_id=self.run_id, task=self.task, phase=self.phase, index=self.index)
        if rater not in BLIND_RATERS:
            interchange.fill_frame(goal.initial_frame, initial)
            interchange.fill_frame(goal.final_frame, final)
        result = self.link.act(f"/{rater}/rate_episode", goal, None)
        if not result.rated and not result.redo:
            raise WorkcellError(f"rater {rater} gave no rating: {result.message}")
        success = bool(result.success) if result.success_known else None
        return Rating(float(result.reward), success, result.rater or rater, bool(result.redo))
