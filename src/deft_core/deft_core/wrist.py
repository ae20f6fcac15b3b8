"""The wrist chain, written once: camera-frame wrist rotation to base, Euler angles, contact to wrist, wrist to flange.

The wrist frame is MANO's, for the human and the robot hand alike (right hand): origin at the wrist, fingers along
-x, back of the hand +y, thumb side +z.

The paper's "euler angles" leave the convention open. Here a wrist rotation in base_link is

    R_base_wrist = Rz(yaw) Ry(pitch) Rx(roll) R_NOMINAL

with `R_NOMINAL`: fingers pointing forward (+x of base_link) and 45 degrees down, thumb up, palm to the left. The
angles are therefore small for the grasps of a tabletop, and the chart's singularity (pitch of 90 degrees: fingers
45 degrees *up* and forward, or down and backward) lies where no grasp from a table is.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, transform
from deft_core.grasp import GraspParameters, as_vector

_C = np.sqrt(0.5)
R_NOMINAL: Array = np.array([[-_C, 0.0, _C], [0.0, -1.0, 0.0], [_C, 0.0, _C]])
R_NOMINAL.setflags(write=False)


def rotation_from_rpy(rpy: ArrayLike) -> Array:
    """R_base_wrist (3, 3) of the paper's three wrist angles (rad)."""
    return Rotation.from_euler("xyz", as_vector(rpy, "wrist_rpy", 3)).as_matrix() @ R_NOMINAL


def rpy_from_rotation(R_base_wrist: Array) -> Array:
    """Wrist angles (3,) of a rotation; roll and yaw in (-pi, pi], pitch in [-pi/2, pi/2]."""
    return Rotation.from_matrix(R_base_wrist @ R_NOMINAL.T).as_euler("xyz")


def rotation_from_camera(wrist_axis_angle: ArrayLike, T_base_camera: Array) -> Array:
    """R_base_wrist of an axis-angle wrist rotation seen in the camera's optical frame (paper, section 3.1)."""
    R = Rotation.from_rotvec(as_vector(wrist_axis_angle, "wrist rotation", 3)).as_matrix()
    return T_base_camera[:3, :3] @ R


def rotation_to_camera(R_base_wrist: Array, T_base_camera: Array) -> Array:
    """Axis-angle (3,) in the camera's optical frame of a wrist rotation in base_link."""
    return Rotation.from_matrix(T_base_camera[:3, :3].T @ R_base_wrist).as_rotvec()


def wrist_pose(grasp: GraspParameters, contact_in_wrist: ArrayLike) -> Array:
    """T_base_wrist (4, 4) that puts the hand's contact place on the contact.

    Args:
        grasp: the grasp in base_link.
        contact_in_wrist: (3,) where the hand expects the contact, wrist frame, metres. One constant a hand.
    """
    R = rotation_from_rpy(grasp.wrist_rpy)
    return transform(R, grasp.contact - R @ as_vector(contact_in_wrist, "contact_in_wrist", 3))


def grasp_from_wrist_pose(T_base_wrist: Array, contact_in_wrist: ArrayLike, joints: ArrayLike) -> GraspParameters:
    """Inverse of `wrist_pose`."""
    R = T_base_wrist[:3, :3]
    contact = T_base_wrist[:3, 3] + R @ as_vector(contact_in_wrist, "contact_in_wrist", 3)
    return GraspParameters(contact, rpy_from_rotation(R), np.asarray(joints, dtype=float))


def approach_direction(R_base_wrist: Array, contact_in_wrist: ArrayLike) -> Array:
    """Unit vector (3,) in base_link along which the hand moves onto the contact."""
    direction = R_base_wrist @ as_vector(contact_in_wrist, "contact_in_wrist", 3)
    return direction / np.linalg.norm(direction)
