"""Between 4x4 transforms and MuJoCo's position and (w, x, y, z) quaternion."""

from typing import Any

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, to_quaternion, transform


def set_pose(element: Any, T: Array) -> None:
    """Give an MjSpec element (body, geom, camera, site) its pose in its parent."""
    p, xyzw = to_quaternion(T)
    element.pos = p
    element.quat = wxyz(xyzw)


def wxyz(xyzw: Array) -> Array:
    """Reorder a quaternion for MuJoCo."""
    return np.roll(xyzw, 1)


def qpos_of(T: Array) -> Array:
    """The (7,) qpos of a free joint at a pose."""
    p, xyzw = to_quaternion(T)
    return np.concatenate([p, wxyz(xyzw)])


def pose_of(xpos: Array, xmat: Array) -> Array:
    """Transforms (..., 4, 4) from MuJoCo's xpos (..., 3) and xmat (..., 9)."""
    T = np.zeros((*xpos.shape[:-1], 4, 4))
    T[..., :3, :3] = xmat.reshape(*xpos.shape[:-1], 3, 3)
    T[..., :3, 3] = xpos
    T[..., 3, 3] = 1.0
    return T


def looking_at(eye: Array, target: Array) -> Array:
    """T_base_camera of an optical frame (z forward, x right, y down) at `eye` that looks at `target`, horizon level."""
    z = target - eye
    z = z / np.linalg.norm(z)
    x = np.cross(z, [0.0, 0.0, 1.0])
    x /= np.linalg.norm(x)
    return transform(np.column_stack([x, np.cross(z, x), z]), eye)


# MuJoCo's cameras look along -z with y up; optical frames look along +z with y down.
OPTICAL_TO_MUJOCO: Array = transform(Rotation.from_euler("x", np.pi).as_matrix())


def set_camera_pose(model: mujoco.MjModel, data: mujoco.MjData, camera: int, T: Array, fovy_deg: float) -> None:
    """Move a camera that is fixed in the world; T is in MuJoCo's camera convention."""
    p, xyzw = to_quaternion(T)
    model.cam_pos[camera], model.cam_quat[camera], model.cam_fovy[camera] = p, wxyz(xyzw), fovy_deg
    data.cam_xpos[camera], data.cam_xmat[camera] = p, T[:3, :3].reshape(9)
