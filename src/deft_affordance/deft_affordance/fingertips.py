"""Put a robot's fingertips where a person's are: shape of the hand and shift of the wrist together.

Copying a person's joint angles (`retarget`) keeps the shape of the hand, not the place of its tips: fingers of other
lengths, from other knuckles, meet somewhere else, and a pinch that closes beside a spoon is no pinch. Where a person
holds with the tips, what counts is where the tips are. So: the least change of wrist place and tendon angles that
brings tips, and the thumb's opposition to each finger, to the person's. The wrist's rotation stays the person's.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from deft_affordance.retarget import retarget
from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_core.mano import hand_points

# First joint and tip, among `hand_points`, of the person's index, middle and ring finger and thumb.
_ROOTS, _TIPS = (1, 4, 10, 13), (16, 17, 19, 20)
# What a millimetre off counts, by finger: the thumb meets all the others, the ring finger helps. These weights were set
# by hand; a third of the next, or twice the one after it, did as well on the tasks' objects in the twin.
_TIP_WEIGHTS = np.array([1.0, 1.0, 0.7, 1.4])[:, None]
_LAST_JOINT_WEIGHT = 0.3  # the last phalanx should lie as the person's does, too
_OPPOSITION_WEIGHT = 0.7
_ANGLE_WEIGHT_M = 0.004  # metres a radian off the person's own angles is worth
MOST_SHIFT_M = 0.10
_STEP = 1e-5


def human_fingers(mano_pose: Array) -> Array:
    """Three joints and tip of the fingers that a four-fingered hand has, of a MANO pose (45,): (4, 4, 3) metres."""
    points = hand_points(mano_pose)
    return np.array([[*points[root : root + 3], points[tip]] for root, tip in zip(_ROOTS, _TIPS, strict=True)])


def match_fingertips(mano_pose: Array, hand: HandModel) -> tuple[Array, Array]:
    """Find how a robot's hand stands where a person's tips are.

    Args:
        mano_pose: (45,) rad, of the person.
        hand: the robot's.

    Returns:
        (3,) metres: the robot's wrist less the person's, in the wrist frame that both share; and joints (16,), rad,
        within the limits.
    """
    goal = human_fingers(mano_pose)
    joints_of = hand.joints_from_motors_matrix
    bounds = np.sort([hand.motors_from_joints(hand.lower), hand.motors_from_joints(hand.upper)], axis=0)
    low = np.concatenate([np.full(3, -MOST_SHIFT_M), bounds[0]])
    high = np.concatenate([np.full(3, MOST_SHIFT_M), bounds[1]])
    copied = hand.motors_from_joints(retarget(mano_pose, hand))
    start = np.clip(np.concatenate([np.zeros(3), copied]), low + 1e-6, high - 1e-6)

    def misses(x: Array) -> Array:
        """Weighted misses (n, k), metres, of shifts and motor angles (n, 15)."""
        fingers = hand.finger_points(x[:, 3:] @ joints_of.T) + x[:, None, None, :3]
        off = fingers - goal
        opposition = (fingers[:, :3, 3] - fingers[:, 3:, 3]) - (goal[:3, 3] - goal[3:, 3])
        parts = (
            _TIP_WEIGHTS * off[:, :, 3],
            _LAST_JOINT_WEIGHT * off[:, :, 2],
            _OPPOSITION_WEIGHT * opposition,
            _ANGLE_WEIGHT_M * (x[:, 3:] - copied),
        )
        return np.concatenate([part.reshape(len(x), -1) for part in parts], axis=1)

    def slope(x: Array) -> Array:
        return ((misses(x + _STEP * np.eye(len(x))) - misses(x[None])) / _STEP).T

    found = least_squares(lambda x: misses(x[None])[0], start, jac=slope, bounds=(low, high), max_nfev=30).x
    return found[:3], hand.clip(joints_of @ found[3:])
