"""Carry out an episode's motion in a world: planner, gate and servos, as the drivers do it on the graph."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from deft_core.errors import GateRefused, Unreachable
from deft_core.gate import arm_gate, hand_gate
from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_core.motion import ArmMove, EpisodeMotion, HandShape, Step
from deft_core.planner import ArmPlanner, JointTrajectory
from deft_core.workcell import WorkcellConfig
from deft_sim.collision import CollisionDetector
from deft_sim.tick import TICK_S
from deft_sim.world import World

# How long the arm may lag behind the end of a motion before it counts as arrived, robot seconds.
_ARRIVE_S = 0.1


class Collision(Exception):
    """The arm's controller stopped on a push."""


class Executor:
    """Moves one world's robot, tick by tick, in robot time.

    Args:
        world: to move; whoever resets it calls `start` afterwards.
        cell: limits and rates.
        on_tick: called after every control tick (the judge's eyes).
    """

    def __init__(self, world: World, cell: WorkcellConfig, on_tick: Callable[[], None]) -> None:
        self._world, self._cell, self._on_tick = world, cell, on_tick
        self._hand: HandModel = world.hand
        self.planner = ArmPlanner(cell.arm, self._hand)
        self._arm_gate, self._hand_gate = arm_gate(cell, self._hand), hand_gate(cell, self._hand)
        self._detector = CollisionDetector(cell.arm.collision_sensitivity)
        self._arm_every = max(1, round(1.0 / (cell.arm.control_hz * TICK_S)))
        self._hand_every = max(1, round(1.0 / (cell.hand.control_hz * TICK_S)))
        self._q = np.zeros(6)
        self._joints = np.zeros(16)

    def start(self, q_arm: ArrayLike, joints: ArrayLike) -> None:
        """Begin an episode with the arm at q (6,) and the hand commanded to joints (16,)."""
        self._q, self._joints = np.array(q_arm, dtype=float), np.array(joints, dtype=float)
        self._arm_gate.open(self._q)
        self._hand_gate.open(self._joints)
        self._detector.reset()

    def run(self, motion: EpisodeMotion) -> str:
        """Carry out the steps; return the fault that ended them and in which, empty if none."""
        return next((f"{fault} ({step.label})" for step in motion if (fault := self._step(step))), "")

    def _step(self, step: Step) -> str:
        try:
            if isinstance(step, HandShape):
                self._shape(step.joints, step.duration_s)
            elif isinstance(step, ArmMove):
                self._lead(self.planner.move(self._q, step.T_base_wrist, step.straight))
            else:
                self._lead(self.planner.follow(self._q, step.poses, step.times_s))
        except Unreachable as error:
            return f"unreachable: {error}"
        except GateRefused as error:
            return f"refused: {error}"
        except Collision:
            self._world.arm_servo.target = self._world.arm_servo.q(self._world.data)
            return "collision: the arm pushed against something, error 31"
        return ""

    def wait(self, seconds: float) -> None:
        """Let robot time pass; a collision while waiting only holds the arm."""
        for _ in range(round(seconds / TICK_S)):
            try:
                self._tick()
            except Collision:
                self._world.arm_servo.target = self._world.arm_servo.q(self._world.data)
                self._detector.reset()

    def _tick(self) -> None:
        self._world.tick()
        self._on_tick()
        if self._detector.update(self._world.arm_servo.external(self._world.data)):
            raise Collision

    def _lead(self, trajectory: JointTrajectory) -> None:
        if reason := self._arm_gate.foresee(trajectory.preview()):
            raise GateRefused(f"{reason}; nothing moved")
        ticks = int(np.ceil(trajectory.duration_s / TICK_S))
        targets: Array = trajectory.sample(np.minimum(np.arange(1, ticks + 1) * TICK_S, trajectory.duration_s))
        for k in range(ticks):
            if (k + 1) % self._arm_every == 0 or k == ticks - 1:
                dt = TICK_S * self._arm_every
                self._q = self._arm_gate.check(targets[k], dt_s=dt, command_age_s=0.0, state_age_s=0.0)
                self._world.arm_servo.target = self._q
            self._tick()
        self.wait(_ARRIVE_S)

    def _shape(self, joints: Array, duration_s: float) -> None:
        start = self._joints
        # Never faster than the motors turn.
        fastest = 0.8 * self._hand.motors.max_speed_radps
        duration_s = max(duration_s, float(np.abs(joints - start).max()) / fastest)
        ticks = max(1, round(duration_s / TICK_S))
        for k in range(ticks):
            if (k + 1) % self._hand_every == 0 or k == ticks - 1:
                wanted = start + (joints - start) * (k + 1) / ticks
                dt = TICK_S * self._hand_every
                self._joints = self._hand_gate.check(wanted, dt_s=dt, command_age_s=0.0, state_age_s=0.0)
                self._world.hand_servo.command(
                    self._hand.motors_from_joints(self._joints),
                    np.full(len(self._hand.motor_ids), self._hand.motors.goal_current_a),
                    np.ones(len(self._hand.motor_ids), dtype=bool),
                )
            self._tick()
