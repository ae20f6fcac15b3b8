"""Drive the human hand in a compiled scene: move the wrist, set the fingers, read pose and touch.

Everything is in simulated seconds; the scene's own step is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, interpolate, transform
from deft_sim.human.hand_model import HINGES, mano_pose
from deft_sim.model.stepper import Stepper

THUMB = 4  # MANO counts index, middle, little, ring, thumb


@dataclass(frozen=True, eq=False)
class Touch:
    """Where hand and object touch, in the object's frame.

    Attributes:
        points: (n, 3) metres.
        normals: (n, 3) unit vectors from the object to the hand.
        joints: (n,) MANO joint that touches, -1 for the palm.
        forces: (n,) normal force, newtons.
    """

    points: Array
    normals: Array
    joints: np.ndarray
    forces: Array

    @property
    def digits(self) -> frozenset[int]:
        """Which fingers touch, in MANO's order."""
        return frozenset(int(j) // 3 for j in self.joints if j >= 0)

    @property
    def opposed(self) -> bool:
        """Whether the thumb and two fingers hold it between them."""
        return len(self.digits) >= 3 and THUMB in self.digits


class HumanHand:
    """The hand of a scene made with `add_hand`.

    Args:
        model, data: the compiled scene.
        on_step: called after each physics step (a recorder, say).
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, on_step: Callable[[], None] | None = None) -> None:
        self.model, self.data = model, data
        self._stepper = Stepper(model)
        self._on_step = on_step
        self._wrist = model.body("human_wrist").id
        self._mocap = model.body("human_goal").mocapid[0]
        self._free = model.joint("human_free").qposadr[0]
        self._free_dof = model.joint("human_free").dofadr[0]
        names = [f"human_{hinge.name}" for hinge in HINGES]
        self._qpos = np.array([model.joint(name).qposadr[0] for name in names])
        self._actuators = np.array([model.actuator(name).id for name in names])
        roots = model.body_rootid
        self._owner = [model.body(int(root)).name.split("/")[0] for root in roots]  # loose parts are named NAME/part
        self._joint_of_body = {self._wrist: -1} | {model.body(f"human_{j}").id: j for j in range(15)}
        self.low = np.array([hinge.low for hinge in HINGES])
        self.high = np.array([hinge.high for hinge in HINGES])
        self.goal = self.wrist_pose()

    def wrist_pose(self) -> Array:
        """T_base_wrist (4, 4) as it is."""
        body = self.data.body(self._wrist)
        return transform(body.xmat.reshape(3, 3), body.xpos)

    def angles(self) -> Array:
        """Hinge angles (n,), rad."""
        return self.data.qpos[self._qpos].copy()

    def mano_pose(self) -> Array:
        """MANO pose (45,), rad."""
        return mano_pose(self.angles())

    def teleport(self, T_base_wrist: Array, angles: Array) -> None:
        """Put the hand somewhere at rest."""
        quaternion = Rotation.from_matrix(T_base_wrist[:3, :3]).as_quat(scalar_first=True)
        self.data.qpos[self._free : self._free + 7] = np.concatenate([T_base_wrist[:3, 3], quaternion])
        self.data.qpos[self._qpos] = angles
        self.data.qvel[self._free_dof : self._free_dof + 6 + len(HINGES)] = 0.0
        self.data.ctrl[self._actuators] = angles
        self._set_goal(T_base_wrist)
        mujoco.mj_forward(self.model, self.data)

    def _set_goal(self, T: Array) -> None:
        self.goal = T
        self.data.mocap_pos[self._mocap] = T[:3, 3]
        self.data.mocap_quat[self._mocap] = Rotation.from_matrix(T[:3, :3]).as_quat(scalar_first=True)

    def set_strength(self, torque_nm: float) -> None:
        """Limit every hinge's torque."""
        self.model.actuator_forcerange[self._actuators] = (-torque_nm, torque_nm)

    def move(
        self,
        duration_s: float,
        wrist: Array | None = None,
        angles: Array | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> bool:
        """Bring the wrist's goal to a pose and the fingers' targets to angles, smoothly, in `duration_s`.

        Args:
            duration_s: simulated seconds.
            wrist: T_base_wrist (4, 4) to reach, or None to hold.
            angles: hinge targets to reach, or None to hold.
            stop: asked every 10 ms; True ends the movement early, the wrist's goal staying where it was.

        Returns:
            Whether it was stopped.
        """
        steps = max(1, round(duration_s / self.model.opt.timestep))
        start_wrist, start_angles = self.goal, self.data.ctrl[self._actuators].copy()
        s = np.arange(1, steps + 1) / steps
        s = s * s * s * (10 + s * (6 * s - 15))  # minimum jerk, as people reach (Flash & Hogan 1985)
        path = None if wrist is None else interpolate(start_wrist, wrist, s)
        every = max(1, round(0.01 / self.model.opt.timestep))
        for k in range(steps):
            if path is not None and k % 2 == 0:
                self._set_goal(path[k])
            if angles is not None:
                self.data.ctrl[self._actuators] = start_angles + s[k] * (angles - start_angles)
            self.step()
            if stop is not None and k % every == 0 and stop():
                return True
        if path is not None:
            self._set_goal(path[-1])
        return False

    def step(self) -> None:
        """Advance physics by one step."""
        self._stepper.step(self.data)
        if self._on_step is not None:
            self._on_step()

    def touch(self, object_body: int) -> Touch:
        """Present contacts between the hand and an object (its whole body tree)."""
        model, data = self.model, self.data
        body = data.body(object_body)
        R, p = body.xmat.reshape(3, 3), body.xpos
        points, normals, joints, forces = [], [], [], []
        wrench = np.zeros(6)
        for c in range(data.ncon):
            contact = data.contact[c]
            first, second = model.geom_bodyid[contact.geom1], model.geom_bodyid[contact.geom2]
            hand, other = (first, second) if first in self._joint_of_body else (second, first)
            if hand not in self._joint_of_body or self._owner[other] != self._owner[object_body]:
                continue
            mujoco.mj_contactForce(model, data, c, wrench)
            if wrench[0] > 1e-3:
                points.append(R.T @ (contact.pos - p))
                outward = contact.frame[:3] if hand == second else -contact.frame[:3]
                normals.append(R.T @ outward)
                joints.append(self._joint_of_body[hand])
                forces.append(wrench[0])
        return Touch(
            np.array(points).reshape(-1, 3),
            np.array(normals).reshape(-1, 3),
            np.array(joints, dtype=int),
            np.array(forces),
        )
