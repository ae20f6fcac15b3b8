"""From a human hand pose to the soft hand's joints by anatomical axes (paper, appendix C).

A MANO joint's rotation is split into twist, spread and bend. Spread at a finger's root becomes the robot's side joint,
bend there its forward joint, bend at the other two its PIP and DIP. Twist (which the robot lacks) and the pinky are
dropped; the thumb is mapped in the same way. No optimisation is involved, so it is exact wherever the robot has the
joint and the range.
"""

from __future__ import annotations

import numpy as np

from deft_core.geometry import Array
from deft_core.grasp import as_vector
from deft_core.hand import HandModel
from deft_core.mano import angles_from_pose, mirror_pose, pose_from_angles

SPREAD, BEND = 1, 2
THUMB = slice(12, 16)  # among the robot's joints
# First MANO joint of the robot's fingers index, middle, ring, thumb (MANO's order: index, middle, pinky, ring, thumb).
_ROOTS = (0, 3, 9, 12)


def human_joints(mano_pose: Array) -> Array:
    """The 16 angles (side, forward, PIP, DIP of index, middle, ring, thumb) of a MANO pose (45,), radians."""
    angles = angles_from_pose(as_vector(mano_pose, "MANO pose", 45))
    return np.concatenate([[angles[r, SPREAD], *angles[r : r + 3, BEND]] for r in _ROOTS])


def retarget(mano_pose: Array, hand: HandModel, side: str = "right") -> Array:
    """Robot joints (16,) of a MANO pose (45,), radians, within the hand's limits.

    Where the robot's thumb has joints of its own kind (`HandModel.thumb_rad`), a person's angles do not carry over to
    it: it is opposed, and `fingertips` brings its tip where the person's is.

    Args:
        mano_pose: relative to the flat hand.
        hand: a right robot hand.
        side: whose pose it is; a left hand's is mirrored first.
    """
    if side not in ("left", "right"):
        raise ValueError(f"side must be 'left' or 'right', not {side!r}")
    pose = as_vector(mano_pose, "MANO pose", 45)
    joints = hand.human_signs * human_joints(mirror_pose(pose) if side == "left" else pose)
    if hand.thumb_rad is not None:
        joints[THUMB] = hand.thumb_rad
    return hand.clip(joints)


def mano_from_joints(joints: Array) -> Array:
    """A MANO pose (45,) with the given robot joints (16,): no twist, the pinky flat. Inverse of `human_joints`."""
    values = as_vector(joints, "hand joints", 16).reshape(4, 4)
    angles = np.zeros((15, 3))
    for row, root in zip(values, _ROOTS, strict=True):
        angles[root, SPREAD] = row[0]
        angles[root : root + 3, BEND] = row[1:]
    return pose_from_angles(angles)
