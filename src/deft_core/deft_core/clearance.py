"""How far the rigid parts of the hand and of the arm's last links stand over the table.

Fingers are soft and may brush it; a palm or a link that touches it stops the arm.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deft_core import kinematics
from deft_core.arm_shape import LINKS
from deft_core.errors import Unreachable
from deft_core.geometry import Array, inverse
from deft_core.hand import HandModel

if TYPE_CHECKING:
    from deft_core.workcell import WorkcellConfig

# Spheres around the ends of the links that come near a table: link (0 to 5), centre in its frame, radius; metres.
_LINK_SPHERES = sorted({(i, c, r + 0.002) for i in (3, 4) for start, end, r in LINKS[i] for c in (start, end)})
_LINKS = np.array([link for link, _, _ in _LINK_SPHERES])
_CENTRES = np.array([centre for _, centre, _ in _LINK_SPHERES], dtype=float)
_RADII = np.array([radius for _, _, radius in _LINK_SPHERES])
# More than a hair over the gate's floor: where the servos lag, the gate's forecast is not what happens.
_MARGIN_M = 0.003
# A grasp that is further off than this is not one a hair too low: it is left to the gate to refuse.
MOST_LIFT_M = 0.05
# No guarded point of the last links hangs this far below the wrist: higher up there is nothing to work out.
_LINKS_REACH_M = 0.30


# What a soft finger gives way before it stands in the way, and how finely a way between open and closed is looked for.
_FINGER_GIVES_M = 0.005
_OPENINGS = 9


@dataclass(frozen=True, eq=False)
class Clearance:
    """Lowest points of one hand on the arm.

    Args:
        hand: the hand on the flange.
    """

    hand: HandModel

    def of_hand(self, T_base_wrist: Array) -> float:
        """Height (m, base_link) of the lowest rigid point of the hand with its wrist at a pose (4, 4)."""
        return float((self.hand.rigid_points @ T_base_wrist[:3, :3].T)[:, 2].min() + T_base_wrist[2, 3])

    def of_joints(self, q: Array) -> float:
        """Height (m, base_link) of the lowest rigid point of hand and arm at joint angles (6,)."""
        frames = kinematics.joint_frames(np.asarray(q, dtype=float))
        return self.of_frames(frames, frames[-1] @ inverse(self.hand.T_wrist_eef))

    def of_frames(self, frames: Array, T_base_wrist: Array) -> float:
        """The same for link frames (6, 4, 4) and a wrist (4, 4) in base_link that the caller has at hand."""
        rows = frames[_LINKS, 2]
        links = (rows[:, :3] * _CENTRES).sum(axis=1) + rows[:, 3] - _RADII
        return min(float(links.min()), self.of_hand(T_base_wrist))


def lifted(T_base_wrist: Array, hand: HandModel, cell: "WorkcellConfig") -> Array:
    """Raise a wrist pose (4, 4) until arm and hand clear the table by the workcell's clearance, by 50 mm at most.

    It is returned as it is if they do clear it, or would have to rise further. A pose that the arm does not reach is
    judged by the hand alone; the planner will say what is wrong with it.
    """
    return lifted_along(T_base_wrist[None], hand, cell)[0]


def lifted_along(poses: Array, hand: HandModel, cell: "WorkcellConfig") -> Array:
    """Raise each of the poses (n, 4, 4) of a way as `lifted` does, however little or much its neighbours are."""
    clearance = Clearance(hand)
    floor = cell.table_z_m + cell.table_clearance_m + _MARGIN_M
    out, q = poses.copy(), np.asarray(cell.arm.home_rad)
    for T, asked in zip(out, poses, strict=True):
        T[2, 3] += max(0.0, floor - clearance.of_hand(T))
        if T[2, 3] > floor + _LINKS_REACH_M:
            continue
        try:
            q = kinematics.inverse_kinematics(T @ hand.T_wrist_eef, q)
        except Unreachable:
            pass
        else:  # the links turn hardly at all over a few centimetres
            T[2, 3] += max(0.0, floor - clearance.of_joints(q))
        if T[2, 3] - asked[2, 3] > MOST_LIFT_M:
            T[2, 3] = asked[2, 3]
    return out


def opened(T_base_wrist: Array, joints: Array, hand: HandModel, cell: "WorkcellConfig") -> Array:
    """The posture (16,) to come with to a grasp of joints (16,): open, but no finger deeper than the grasp itself goes.

    A finger that points down reaches further when it is straight; coming so, it would be pressed into the table.

    Args:
        T_base_wrist: (4, 4) wrist where the hand will close.
        joints: (16,) rad, of the grasp, within the hand's limits.
        hand: the hand, which opens to its `open_fraction` where the table is out of reach.
        cell: where the table is.
    """
    floor = np.minimum(hand.finger_heights(T_base_wrist, joints), cell.table_z_m) - _FINGER_GIVES_M
    out, waiting = joints.reshape(4, 4).copy(), np.ones(4, dtype=bool)
    for openness in np.linspace(1.0, 0.0, _OPENINGS):
        posture = (1.0 - openness) * joints + openness * hand.open_posture(joints)
        fits = waiting & (hand.finger_heights(T_base_wrist, posture) >= floor)
        out[fits] = posture.reshape(4, 4)[fits]
        waiting &= ~fits
    return out.reshape(16)
