"""A human right hand in MANO's parameters: our own template, anatomical axes, and poses in both languages.

A MANO hand pose is 45 numbers: 15 joints x axis-angle (rad) in the wrist-aligned frame of the flat hand, in the order
index, middle, pinky, ring, thumb, three joints each from the palm outwards (Romero et al. 2017). Poses here are
relative to the *flat* hand (MANO's `flat_hand_mean=True`); `add_mean_pose` is the reader's task where a source differs.

The template below is ours, from published anthropometry, not MANO's: segment lengths are those of a 50th-percentile
male hand of 0.19 m (finger segments after Buryanov & Kotiuk, "Proportions of Hand Segments", Int. J. Morphol. 28(3),
2010; hand length and breadth after ANSUR II). A user with MANO's own file can pass its joints to `anatomical_axes`.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, transform

FINGER_ORDER = ("index", "middle", "pinky", "ring", "thumb")
POSE_DIM = 45
# Knuckle (MCP; thumb: CMC) positions in the wrist frame, and direction and lengths of the three segments outwards.
_KNUCKLES = {
    "index": ([-0.095, 0.000, 0.026], [-0.995, 0.0, 0.10], (0.0398, 0.0224, 0.0158)),
    "middle": ([-0.094, 0.002, 0.004], [-1.0, 0.0, 0.0], (0.0446, 0.0263, 0.0174)),
    "pinky": ([-0.080, -0.004, -0.036], [-0.97, 0.0, -0.24], (0.0327, 0.0181, 0.0160)),
    "ring": ([-0.088, 0.000, -0.017], [-0.99, 0.0, -0.13], (0.0414, 0.0257, 0.0173)),
    "thumb": ([-0.022, -0.012, 0.026], [-0.72, -0.25, 0.65], (0.0462, 0.0316, 0.0217)),
}
# Flesh radius of each segment, metres, from the palm outwards.
SEGMENT_RADIUS_M = {
    "index": (0.0095, 0.0085, 0.0075),
    "middle": (0.0095, 0.0085, 0.0075),
    "pinky": (0.0080, 0.0070, 0.0065),
    "ring": (0.0090, 0.0080, 0.0072),
    "thumb": (0.0120, 0.0105, 0.0095),
}


def _template() -> tuple[Array, Array]:
    joints, tips = np.zeros((16, 3)), np.zeros((5, 3))
    for f, finger in enumerate(FINGER_ORDER):
        knuckle, direction, lengths = _KNUCKLES[finger]
        unit = np.array(direction) / np.linalg.norm(direction)
        reach = np.concatenate([[0.0], np.cumsum(lengths)])
        points = np.array(knuckle) + reach[:, None] * unit
        joints[1 + 3 * f : 4 + 3 * f] = points[:3]
        tips[f] = points[3]
    return joints, tips


# (16, 3) joints of the flat hand in the wrist frame (0 is the wrist) and (5, 3) fingertips, metres.
TEMPLATE_JOINTS, TEMPLATE_TIPS = _template()
# Wrist joint to middle fingertip, metres.
LENGTH_M = float(np.linalg.norm(TEMPLATE_TIPS[1]))
# Parent of each of the 16 joints.
PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)


def anatomical_axes(joints: ArrayLike = TEMPLATE_JOINTS, tips: ArrayLike = TEMPLATE_TIPS) -> Array:
    """Twist, spread and bend axes of each joint in the flat hand, (15, 3, 3); rows are the three unit axes.

    Twist runs against the finger (child to parent), bend is twist x up, spread is bend x twist, with up the back of
    the hand (0, 1, 0), for the thumb (1, 1, 1) (the anatomical convention documented by CPF/manotorch, Yang et al.
    2021; written from that description). Positive bend flexes.
    """
    joints, tips = np.asarray(joints, dtype=float), np.asarray(tips, dtype=float)
    if joints.shape != (16, 3) or tips.shape != (5, 3):
        raise ValueError(f"a hand template has 16 joints and 5 tips, got {joints.shape} and {tips.shape}")
    axes = np.empty((15, 3, 3))
    for j in range(15):
        child = tips[j // 3] if j % 3 == 2 else joints[j + 2]
        up = np.ones(3) / np.sqrt(3.0) if j >= 12 else np.array([0.0, 1.0, 0.0])
        twist = joints[j + 1] - child
        twist /= np.linalg.norm(twist)
        bend = np.cross(twist, up)
        bend /= np.linalg.norm(bend)
        axes[j] = twist, np.cross(bend, twist), bend
    return axes


TEMPLATE_AXES = anatomical_axes()


def _check_pose(pose: ArrayLike) -> Array:
    out = np.asarray(pose, dtype=float)
    if out.shape[-1:] != (POSE_DIM,) or not np.isfinite(out).all():
        raise ValueError(f"a MANO pose is {POSE_DIM} finite numbers, got shape {out.shape}")
    return out


def angles_from_pose(pose: ArrayLike, axes: Array = TEMPLATE_AXES) -> Array:
    """Anatomical angles (..., 15, 3) = (twist, spread, bend), rad, of a MANO pose (..., 45)."""
    pose = _check_pose(pose)
    flat = pose.reshape(-1, 15, 3)
    B = np.swapaxes(axes, 1, 2)  # columns are the axes: anatomical to wrist-aligned coordinates
    R = Rotation.from_rotvec(flat.reshape(-1, 3)).as_matrix().reshape(-1, 15, 3, 3)
    local = np.swapaxes(B, 1, 2) @ R @ B
    angles = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_euler("XYZ")
    return angles.reshape(*pose.shape[:-1], 15, 3)


def pose_from_angles(angles: ArrayLike, axes: Array = TEMPLATE_AXES) -> Array:
    """MANO pose (..., 45) of anatomical angles (..., 15, 3); inverse of `angles_from_pose` for |spread| < pi/2."""
    angles = np.asarray(angles, dtype=float)
    if angles.shape[-2:] != (15, 3) or not np.isfinite(angles).all():
        raise ValueError(f"anatomical angles are (15, 3) finite numbers, got shape {angles.shape}")
    B = np.swapaxes(axes, 1, 2)
    local = Rotation.from_euler("XYZ", angles.reshape(-1, 3)).as_matrix().reshape(-1, 15, 3, 3)
    R = B @ local @ np.swapaxes(B, 1, 2)
    return Rotation.from_matrix(R.reshape(-1, 3, 3)).as_rotvec().reshape(*angles.shape[:-2], POSE_DIM)


def hand_points(pose: ArrayLike) -> Array:
    """Joints and tips of the posed template in the wrist frame, (21, 3) metres: 16 joints, then 5 tips."""
    rotations = Rotation.from_rotvec(_check_pose(pose).reshape(15, 3)).as_matrix()
    frames = [np.eye(4)]
    for j in range(1, 16):
        parent = PARENTS[j]
        offset = TEMPLATE_JOINTS[j] - TEMPLATE_JOINTS[parent]
        frames.append(frames[parent] @ transform(rotations[j - 1], offset))
    tips = [(frames[3 + 3 * f] @ np.append(TEMPLATE_TIPS[f] - TEMPLATE_JOINTS[3 + 3 * f], 1.0))[:3] for f in range(5)]
    return np.vstack([np.array([T[:3, 3] for T in frames]), tips])


def mirror_pose(pose: ArrayLike) -> Array:
    """The other hand's pose (45,): reflect in the plane between the hands (x, y kept, z negated)."""
    flat = _check_pose(pose).reshape(-1, 3) * np.array([-1.0, -1.0, 1.0])
    return flat.reshape(np.asarray(pose).shape)
