"""The motion of an episode: what the robot does with 22 grasp parameters and a demonstration.

Approach from a pre-grasp straight onto the contact with an open hand, close to the grasp's joints, squeeze, then
lead the wrist through the demonstration's forty displacements. Both executors (the ROS graph and the in-process
twin) run exactly these steps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from deft_core.arm_shape import SelfClearance, hard_parts
from deft_core.clearance import lifted, lifted_along, opened
from deft_core.demonstration import Demonstration
from deft_core.errors import Unreachable
from deft_core.geometry import Array
from deft_core.grasp import GraspParameters
from deft_core.hand import HandModel
from deft_core.kinematics import joint_frames
from deft_core.planner import ArmPlanner
from deft_core.wrist import approach_direction, wrist_pose

if TYPE_CHECKING:
    from deft_core.workcell import WorkcellConfig

# How long the robot holds still after the motion before anybody looks or rates, robot seconds.
HOLD_S = 1.5
# Shares of the workcell's approach that are tried, where the arm does not come in from further off.
_NEARER = (1.0, 0.75, 0.5)
# More of a gap between links than the gate asks for: between two poses that have it the way may have a little less.
_MARGIN_M = 0.005


@dataclass(frozen=True, eq=False)
class ArmMove:
    """Bring the wrist to a pose: straight in space, or the short way in joint space."""

    label: str
    T_base_wrist: Array
    straight: bool


@dataclass(frozen=True, eq=False)
class WristFollow:
    """Lead the wrist through poses (n, 4, 4) at robot times (n,), seconds from the start."""

    label: str
    poses: Array
    times_s: Array


@dataclass(frozen=True, eq=False)
class HandShape:
    """Bring the 16 joints to a posture in `duration_s` robot seconds, or as far as what is held allows."""

    label: str
    joints: Array
    duration_s: float


Step = ArmMove | WristFollow | HandShape


@dataclass(frozen=True, eq=False)
class EpisodeMotion:
    """The steps of one episode, in order, and the grasp they carry out."""

    grasp: GraspParameters
    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)


def episode_motion(
    grasp: GraspParameters,
    demonstration: Demonstration,
    hand: HandModel,
    contact_in_wrist: ArrayLike,
    cell: "WorkcellConfig",
) -> EpisodeMotion:
    """Turn grasp parameters and a demonstration into the motion of an episode.

    Args:
        grasp: what to try; joints are clipped to the hand's limits, and the wrist is raised to clear the table.
        demonstration: post-grasp displacements; where they would lead the hand into the table they lead it along.
        hand: the hand that grasps.
        contact_in_wrist: (3,) metres, where this hand expects the contact.
        cell: approach distance and speed limits.
    """
    asked, joints = wrist_pose(grasp, contact_in_wrist), hand.clip(grasp.joints)
    # A grasp that would put the palm into the table is carried out just above it: a try is dear. Fingers are soft: the
    # good grasps of flat things close them against the table.
    T_grasp = lifted(asked, hand, cell)
    grasp = GraspParameters(grasp.contact + (T_grasp[:3, 3] - asked[:3, 3]), grasp.wrist_rpy, joints)
    T_high, T_pre = _way_in(T_grasp, approach_direction(T_grasp[:3, :3], contact_in_wrist), hand, cell)
    poses = lifted_along(demonstration.wrist_poses(T_grasp), hand, cell)
    # The demonstrator's pace, slowed where the robot may not move as fast.
    lengths = np.linalg.norm(np.diff(np.concatenate([T_grasp[None, :3, 3], poses[:, :3, 3]]), axis=0), axis=1)
    durations = np.maximum(demonstration.dt_s, lengths / cell.follow_speed_limit_mps)
    open_posture = opened(T_grasp, grasp.joints, hand, cell)
    return EpisodeMotion(
        grasp,
        (
            HandShape("open", open_posture, cell.hand.close_s),
            ArmMove("above", T_high, straight=False),
            ArmMove("pre-grasp", T_pre, straight=True),
            ArmMove("approach", T_grasp, straight=True),
            HandShape("close", grasp.joints, cell.hand.close_s),
            HandShape("squeeze", hand.squeezed(grasp.joints), cell.hand.squeeze_s),
            WristFollow("demonstration", poses, np.cumsum(durations)),
        ),
    )


def _way_in(T_grasp: Array, direction: Array, hand: HandModel, cell: "WorkcellConfig") -> tuple[Array, Array]:
    """Where to come to a grasp from: high above the pre-grasp, and the pre-grasp, (4, 4) each.

    As far off as the workcell says, or where the arm does not come that way or folds onto itself, from nearer by.
    """
    ways = []
    for share in _NEARER:
        T_pre = T_grasp.copy()
        T_pre[:3, 3] -= share * cell.approach_m * direction
        T_pre = lifted(T_pre, hand, cell)
        T_high = T_pre.copy()
        T_high[2, 3] += share * cell.lift_clearance_m
        ways.append((T_high, T_pre))
        if _goes(ways[-1], T_grasp, hand, cell):
            return ways[-1]
    return ways[0]  # the planner will say what is wrong with it


def _goes(way: tuple[Array, Array], T_grasp: Array, hand: HandModel, cell: "WorkcellConfig") -> bool:
    """Does the arm come from home by a way in to the grasp, from one pose to the next, clear of itself at the poses?"""
    planner, itself = ArmPlanner(cell.arm, hand), SelfClearance(hard_parts(hand))
    try:
        q = planner.solve(way[0], np.asarray(cell.arm.home_rad))
        for T in (way[1], T_grasp):
            if itself.of_frames(joint_frames(q))[0] < cell.self_clearance_m + _MARGIN_M:
                return False
            q = planner.way(q, T)[-1]
    except Unreachable:
        return False
    return True
