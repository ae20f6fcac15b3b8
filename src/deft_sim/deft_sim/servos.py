"""What drives the joints: the arm's joint servos and the hand's twelve motors with their tendons.

Both executors, the live twin behind its emulated devices and the in-process `TwinWorkcell`, move the robot through
this one piece of dynamics, stepped once a control tick (`TICK_S` of robot time).
"""

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_sim.model.arm import ARM_JOINTS
from deft_sim.tick import TICK_S

ARM_TOP_SPEED_RADPS = 3.14  # xarm_description: joint velocity limit
# Position loop of a hobby servo, N m per rad of shaft error, before the current limit cuts it off.
_SERVO_STIFFNESS = 6.0
# Gearbox friction: below it a shaft does not move; it also keeps a loaded shaft where it is.
_GEAR_FRICTION_NM = 0.03


def _clip(x: Array, low: ArrayLike, high: ArrayLike) -> Array:
    """`np.clip` without its checks, which cost more than the work at this size."""
    return np.minimum(np.maximum(x, low), high)


def _where(addresses: list[int]) -> slice | NDArray[np.int_]:
    """Addresses as an index: a slice, which is read without a copy, if they follow each other."""
    if addresses == list(range(addresses[0], addresses[0] + len(addresses))):
        return slice(addresses[0], addresses[0] + len(addresses))
    return np.array(addresses)


class ArmServo:
    """Six joint servos that follow position targets at no more than their top speed."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._ctrl = _where([model.actuator(name).id for name in ARM_JOINTS])
        self._q = _where([int(model.joint(name).qposadr[0]) for name in ARM_JOINTS])
        self._v = _where([int(model.joint(name).dofadr[0]) for name in ARM_JOINTS])
        self._lower = model.jnt_range[[model.joint(n).id for n in ARM_JOINTS], 0].copy()
        self._upper = model.jnt_range[[model.joint(n).id for n in ARM_JOINTS], 1].copy()
        self.target = np.zeros(6)
        self.set_point = np.zeros(6)

    def reset(self, data: mujoco.MjData, q: ArrayLike) -> None:
        """Stand still at q (6,) rad."""
        data.qpos[self._q] = q
        data.qvel[self._v] = 0.0
        self.target = np.array(q, dtype=float)
        self.set_point = self.target.copy()
        data.ctrl[self._ctrl] = self.set_point

    def adopt(self, data: mujoco.MjData, other: "ArmServo", other_data: mujoco.MjData) -> None:
        """Go on from where another world's arm is."""
        data.qpos[self._q] = other_data.qpos[other._q]
        data.qvel[self._v] = other_data.qvel[other._v]
        data.ctrl[self._ctrl] = other_data.ctrl[other._ctrl]
        self.target, self.set_point = other.target.copy(), other.set_point.copy()

    def tick(self, data: mujoco.MjData) -> None:
        """Move the set-points towards the targets, one control period."""
        gap = self.target - self.set_point
        if gap.any():
            step = ARM_TOP_SPEED_RADPS * TICK_S
            self.set_point = _clip(self.set_point + _clip(gap, -step, step), self._lower, self._upper)
            data.ctrl[self._ctrl] = self.set_point

    def q(self, data: mujoco.MjData) -> Array:
        """Joint angles (6,), rad."""
        return data.qpos[self._q].copy()

    def qd(self, data: mujoco.MjData) -> Array:
        """Joint speeds (6,), rad/s."""
        return data.qvel[self._v].copy()

    def torque(self, data: mujoco.MjData) -> Array:
        """Motor torques (6,), N m."""
        return data.actuator_force[self._ctrl].copy()

    def external(self, data: mujoco.MjData) -> Array:
        """Torques (6,), N m, that contacts put on the joints."""
        return data.qfrc_constraint[self._v].copy()


class HandServo:
    """Geared motors in current-based position mode, each turning its joints with some slack.

    A motor's shaft obeys  damping * speed = motor torque - tendon torque - gear friction,  where the motor's torque
    follows the position error up to what the goal current gives, and the damping is back EMF (top speed at the
    current limit's torque, no load). The tendon is the MuJoCo actuator's spring between shaft and joint; within the
    backlash it hangs loose.
    """

    def __init__(self, model: mujoco.MjModel, hand: HandModel) -> None:
        self._kt = hand.motors.torque_nm_per_a
        self._slack = hand.motors.backlash_rad / 2
        names = [f"{finger}_{kind}" for finger in hand.fingers for kind in hand.motor_kinds]
        self._ctrl = _where([model.actuator(name).id for name in names])
        self._stiffness = model.actuator_gainprm[self._ctrl, 0].copy()
        back_emf = hand.motors.current_limit_a * self._kt / hand.motors.max_speed_radps
        self._damping = back_emf + TICK_S * (self._stiffness + _SERVO_STIFFNESS)
        joints = [f"{finger}_{joint}" for finger in hand.fingers for joint in ("side", "forward", "pip", "dip")]
        self._q = _where([int(model.joint(name).qposadr[0]) for name in joints])
        self._v = _where([int(model.joint(name).dofadr[0]) for name in joints])
        self._hand = hand
        motors = len(hand.motor_ids)
        self.goal = np.zeros(motors)
        self.current_limit = np.zeros(motors)
        self.torque_on = np.zeros(motors, dtype=bool)
        self.shaft = np.zeros(motors)
        self.speed = np.zeros(motors)
        self.current = np.zeros(motors)
        self._most_nm = np.zeros(motors)

    def reset(self, data: mujoco.MjData, motors: ArrayLike) -> None:
        """Stand still with the shafts at (motors,) rad, holding."""
        self.shaft = np.array(motors, dtype=float)
        self.goal = self.shaft.copy()
        self.speed, self.current = np.zeros_like(self.shaft), np.zeros_like(self.shaft)
        self.torque_on = np.ones(len(self.shaft), dtype=bool)
        self.current_limit = np.full(len(self.shaft), self._hand.motors.goal_current_a)
        self._most_nm = self._kt * self.current_limit * self.torque_on
        data.qpos[self._q] = self._hand.clip(self._hand.joints_from_motors(self.shaft))
        data.qvel[self._v] = 0.0
        data.ctrl[self._ctrl] = self.shaft

    def adopt(self, data: mujoco.MjData, other: "HandServo", other_data: mujoco.MjData) -> None:
        """Go on from where another world's hand is."""
        data.qpos[self._q] = other_data.qpos[other._q]
        data.qvel[self._v] = other_data.qvel[other._v]
        data.ctrl[self._ctrl] = other_data.ctrl[other._ctrl]
        for name in ("goal", "current_limit", "torque_on", "shaft", "speed", "current", "_most_nm"):
            setattr(self, name, getattr(other, name).copy())

    def command(self, goal: ArrayLike, current_limit_a: ArrayLike, torque_on: NDArray[np.bool_]) -> None:
        """Set goals (motors,) rad, greatest currents (motors,) A and which motors hold."""
        self.goal = np.array(goal, dtype=float)
        self.current_limit = np.abs(np.array(current_limit_a, dtype=float))
        self.torque_on = np.array(torque_on, dtype=bool)
        self._most_nm = self._kt * self.current_limit * self.torque_on

    def tick(self, data: mujoco.MjData) -> None:
        """Turn the shafts for one control period and set the tendons."""
        joint = data.actuator_length[self._ctrl]
        load = self._stiffness * (_clip(joint, self.shaft - self._slack, self.shaft + self._slack) - joint)
        drive = _clip(_SERVO_STIFFNESS * (self.goal - self.shaft), -self._most_nm, self._most_nm)
        net = drive - load
        net -= _clip(net, -_GEAR_FRICTION_NM, _GEAR_FRICTION_NM)
        # Implicit in the two springs, so that stiff tendons and stiff servos stay steady at this period.
        self.speed = net / self._damping
        self.shaft = self.shaft + TICK_S * self.speed
        self.current = drive / self._kt
        data.ctrl[self._ctrl] = _clip(joint, self.shaft - self._slack, self.shaft + self._slack)

    def joints(self, data: mujoco.MjData) -> Array:
        """True joint angles (16,), rad: what the soft fingers really do, which no encoder measures."""
        return data.qpos[self._q].copy()
