"""How a robot's hand pinches what lies flat: not as a person does, whose fingers are thinner.

A person's fingertips reach under the arch of a lying spoon's handle with a knuckle to spare over the table. A soft
finger is 20 mm thick, so the same tips would have its knuckles in the table. Raised until they clear it, the hand holds
a spoon with a high arch and misses a low one. What to do instead depends on the hand alone, and is measured with it, on
drawn spoons (`HandModel.flat`, `calibrate_pinch`): how the wrist turns, where the tips meet, how each finger bends.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from deft_affordance.placing import aperture
from deft_core.geometry import Array, transform
from deft_core.grasp import GraspParameters
from deft_core.hand import HandModel
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
        grasp, contact_in_wrist, hand, table_z_m, meet: see `over_table`.
    """
    depth = depth_in_table(grasp, contact_in_wrist, hand, table_z_m)
    return meet * float(np.clip((HIGH_M + depth) / (HIGH_M - LOW_M), 0.0, 1.0))


def over_table(
    grasp: GraspParameters, contact_in_wrist: Array, hand: HandModel, table_z_m: float, meet: float
) -> GraspParameters:
    """How a hand does over a table what a person's hold asks of it: raised, or pinching what lies flat its own way.

    Args:
        grasp: the person's hold, carried to the hand, table or no table.
        contact_in_wrist: (3,) metres, the constant of the grasp parameters.
        hand: the robot's.
        table_z_m: height of the table in base_link.
        meet: 1 where the person's tips meet, 0 where they stay apart (`tips_meet`).
    """
    flat, share = hand.flat, flatness(grasp, contact_in_wrist, hand, table_z_m, meet)
    if flat is None or share == 0.0:
        return above_table(grasp, contact_in_wrist, hand, table_z_m)
    T = wrist_pose(grasp, contact_in_wrist)
    joints = hand.clip(grasp.joints + share * np.array(flat.joints_rad))
    R = T[:3, :3] @ Rotation.from_rotvec(share * np.array(flat.turn_rad)).as_matrix()
    ahead = -T[:2, 0] / np.linalg.norm(T[:2, 0])  # the fingers' heading over the table
    x, y, z = share * np.array(flat.shift_m)
    shift = np.array([x * ahead[0] - y * ahead[1], x * ahead[1] + y * ahead[0], z])
    meeting = T[:3, 3] + T[:3, :3] @ _meeting(grasp.joints, hand)
    turned = transform(R, meeting + shift - R @ _meeting(joints, hand))
    return above_table(
        grasp_from_wrist_pose(turned, contact_in_wrist, joints), contact_in_wrist, hand, table_z_m, share * flat.give_m
    )


def _meeting(joints: Array, hand: HandModel) -> Array:
    """Middle (3,), metres, wrist frame, between the thumb's tip and those of index and middle finger."""
    tips = hand.finger_points(joints)[:, 3]
    return 0.5 * tips[3] + 0.25 * (tips[0] + tips[1])
