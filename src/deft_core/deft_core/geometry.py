"""Rigid transforms as 4x4 arrays. `T_a_b` takes coordinates in b to coordinates in a."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.float64]


def transform(rotation: ArrayLike | None = None, translation: ArrayLike | None = None) -> Array:
    """Build a (4, 4) transform from a (3, 3) rotation and a (3,) translation in metres."""
    T = np.eye(4)
    if rotation is not None:
        T[:3, :3] = rotation
    if translation is not None:
        T[:3, 3] = translation
    return T


def inverse(T: Array) -> Array:
    """Invert a rigid transform."""
    R = T[:3, :3]
    out = np.eye(4)
    out[:3, :3] = R.T
    out[:3, 3] = -R.T @ T[:3, 3]
    return out


def apply(T: Array, points: ArrayLike) -> Array:
    """Transform points (..., 3)."""
    return np.asarray(points, dtype=float) @ T[:3, :3].T + T[:3, 3]


def from_quaternion(translation: ArrayLike, xyzw: ArrayLike) -> Array:
    """Build a transform from metres and a quaternion (x, y, z, w).

    Raises:
        ValueError: not finite, or the quaternion is far from unit length.
    """
    p, q = np.asarray(translation, dtype=float), np.asarray(xyzw, dtype=float)
    if p.shape != (3,) or q.shape != (4,):
        raise ValueError(f"a pose needs 3 + 4 numbers, got {p.shape} and {q.shape}")
    norm = float(np.linalg.norm(q))
    if not (np.isfinite(p).all() and np.isfinite(norm)):
        raise ValueError(f"pose is not finite: {p.tolist()}, {q.tolist()}")
    if abs(norm - 1.0) > 1e-2:
        raise ValueError(f"quaternion (x, y, z, w) = {q.tolist()} has length {norm:.3f}, not 1")
    return transform(Rotation.from_quat(q).as_matrix(), p)


def to_quaternion(T: Array) -> tuple[Array, Array]:
    """Split a transform into metres (3,) and a quaternion (x, y, z, w)."""
    return T[:3, 3].copy(), Rotation.from_matrix(T[:3, :3]).as_quat()


def rot_z(angle: float) -> Array:
    """Rotation by `angle` radians about z."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def yaw_of(T: Array) -> float:
    """Direction (rad about z) in which a frame's x axis points, seen from above."""
    return float(np.arctan2(T[1, 0], T[0, 0]))


def tilt(T_a_b: Array, T_a_c: Array) -> float:
    """Angle (rad in [0, pi]) between two frames' z axes."""
    return float(np.arccos(np.clip(T_a_b[:3, 2] @ T_a_c[:3, 2], -1.0, 1.0)))


def twist_about_z(R: Array) -> float:
    """Angle (rad, in (-pi, pi]) of the part of a rotation that turns about z (swing-twist decomposition).

    Undefined for a half turn about a horizontal axis; zero is returned there.
    """
    _, _, z, w = Rotation.from_matrix(R).as_quat()
    if np.hypot(z, w) < 1e-9:
        return 0.0
    return float((2.0 * np.arctan2(z, w) + np.pi) % (2.0 * np.pi) - np.pi)


def rotation_angle(R: Array) -> float:
    """Geodesic angle of a rotation, radians in [0, pi]."""
    return float(Rotation.from_matrix(R).magnitude())


def interpolate(T0: Array, T1: Array, s: ArrayLike) -> Array:
    """Poses (n, 4, 4) at fractions s (n,) of the way: straight in position, shortest turn in rotation."""
    s = np.atleast_1d(np.asarray(s, dtype=float))
    out = np.tile(np.eye(4), (len(s), 1, 1))
    out[:, :3, 3] = T0[:3, 3] + s[:, None] * (T1[:3, 3] - T0[:3, 3])
    turn = Rotation.from_matrix(T0[:3, :3].T @ T1[:3, :3]).as_rotvec()
    out[:, :3, :3] = T0[:3, :3] @ Rotation.from_rotvec(s[:, None] * turn).as_matrix()
    return out
