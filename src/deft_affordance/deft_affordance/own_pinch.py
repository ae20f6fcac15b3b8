"""How a robot's hand pinches: not as a person does, whose fingers are thinner and pulpier, and whose thumb opposes.

With its tips where a person's are, a hand need not hold as a person does. The soft hand's thumb and fingers press past
each other, so that a spoon's handle turns in its grip and the bowl goes astray; and below a lying spoon's handle there
is no room for fingers 20 mm thick. What to do instead depends on the hand alone, and is measured with it, on things
drawn at random (`HandModel.pinch`, `HandModel.flat`, `calibrate_pinch`): how the wrist turns, where the tips meet, how
each finger bends.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from deft_affordance.placing import aperture
from deft_core.geometry import Array, transform
from deft_core.grasp import GraspParameters
from deft_core.hand import HandModel, Pinch
from deft_core.wrist import grasp_from_wrist_pose, wrist_pose

# Thumb tip to the middle of index and middle fingertip of the person, metres: what lies flat is pinched with tips that
# nearly meet. The prior's holds on lying spoons have 14 to 19 mm (240 scenes), on the tasks' other things 32 and more.
MET_M, APART_M = 0.022, 0.028
# A finger lower over the table than the first is at something flat; higher than the second, at something that stands.
LOW_M, HIGH_M = 0.010, 0.030


def tips_meet(mano_pose: Array) -> float:
    """Whether a person's tips meet (1), as around a handle, or stay apart (0), in a MANO pose (45,)."""
    return float(np.clip((APART_M - aperture(mano_pose)) / (APART_M - MET_M), 0.0, 1.0))


def depth_in_table(grasp: GraspParameters, contact_in_wrist: Array, hand: HandModel, table_z_m: float) -> float:
    """How deep (m) the deepest finger of a grasp would be in the table; below zero where all are clear of it."""
    T = wrist_pose(grasp, contact_in_wrist)
    return table_z_m - float(hand.finger_heights(T, grasp.joints).min())


def above_table(
    grasp: GraspParameters, contact_in_wrist: Array, hand: HandModel, table_z_m: float, give_m: float = 0.0
) -> GraspParameters:
    """The grasp, raised until no finger is deeper in the table than it may be."""
    missing = max(depth_in_table(grasp, contact_in_wrist, hand, table_z_m) - give_m, 0.0)
    return replace(grasp, contact=grasp.contact + np.array([0.0, 0.0, missing]))


def flatness(grasp: GraspParameters, contact_in_wrist: Array, hand: HandModel, table_z_m: float, meet: float) -> float:
    """Whether a person's hold, carried to the hand, pinches (1) what lies flat, or not (0).

    Args:
        grasp, contact_in_wrist, hand, table_z_m, meet: see `own_way`.
    """
    depth = depth_in_table(grasp, contact_in_wrist, hand, table_z_m)
    return meet * float(np.clip((HIGH_M + depth) / (HIGH_M - LOW_M), 0.0, 1.0))


def own_way(
    grasp: GraspParameters, contact_in_wrist: Array, hand: HandModel, table_z_m: float, tips: float, meet: float
) -> GraspParameters:
    """How a hand does what a person's hold asks of it: pinching its own way, and clear of the table.

    Args:
        grasp: the person's hold, carried to the hand, table or no table.
        contact_in_wrist: (3,) metres, the constant of the grasp parameters.
        hand: the robot's.
        table_z_m: height of the table in base_link.
        tips: 1 where a person's fingertips hold, 0 where the palm does.
        meet: 1 where the person's tips meet, 0 where they stay apart (`tips_meet`).
    """
    flat = flatness(grasp, contact_in_wrist, hand, table_z_m, meet) if hand.flat else 0.0
    R = wrist_pose(grasp, contact_in_wrist)[:3, :3]
    if hand.pinch and tips * (1.0 - flat) > 0.0:
        grasp = _changed(grasp, contact_in_wrist, hand, hand.pinch, tips * (1.0 - flat), R)
    if hand.flat and flat > 0.0:
        x = -R[:2, 0] / np.linalg.norm(R[:2, 0])  # the fingers' heading over the table
        heading = np.array([[x[0], -x[1], 0.0], [x[1], x[0], 0.0], [0.0, 0.0, 1.0]])
        grasp = _changed(grasp, contact_in_wrist, hand, hand.flat, flat, heading)
    return above_table(grasp, contact_in_wrist, hand, table_z_m, tips * hand.give_m)


def _changed(
    grasp: GraspParameters, contact_in_wrist: Array, hand: HandModel, pinch: Pinch, share: float, axes: Array
) -> GraspParameters:
    """The grasp with a share of a change: turning and bending move the wrist, the tips meet where they did but for the
    shift, whose axes in base_link are the columns of `axes` (3, 3)."""
    T = wrist_pose(grasp, contact_in_wrist)
    joints = hand.clip(grasp.joints + share * np.array(pinch.joints_rad))
    R = T[:3, :3] @ Rotation.from_rotvec(share * np.array(pinch.turn_rad)).as_matrix()
    meeting = T[:3, 3] + T[:3, :3] @ _meeting(grasp.joints, hand) + share * axes @ np.array(pinch.shift_m)
    return grasp_from_wrist_pose(transform(R, meeting - R @ _meeting(joints, hand)), contact_in_wrist, joints)


def _meeting(joints: Array, hand: HandModel) -> Array:
    """Middle (3,), metres, wrist frame, between the thumb's tip and those of index and middle finger."""
    tips = hand.finger_points(joints)[:, 3]
    return 0.5 * tips[3] + 0.25 * (tips[0] + tips[1])
