"""What is filmed of each kind: where it stands, what the hand does once it holds it, and what a narrator says of it.

What the hand does is the beginning of what the verb says, in terms of the thing and the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, apply, inverse, rot_z, transform, yaw_of
from deft_sim.human.hand_driver import HumanHand
from deft_sim.human.scene import HumanStage
from deft_sim.things.spoon import Spoon

LIFT_S, LIFT_M = 0.9, 0.12
FLIP_RAD = np.radians(75)
PULL_M = 0.06
PRESS_M, PRESS_TURN_RAD = 0.008, np.radians(16)
PUSH_M, LEVEL_RAD, RAISE_M = 0.03, 0.6, 0.10
OFF_RIM_M, STIR_M, STIR_RAD = 0.033, 0.025, np.radians(300)

Doing = Callable[[HumanHand, HumanStage], None]


def lift(hand: HumanHand, stage: HumanStage) -> None:
    """Straight up."""
    up = hand.goal.copy()
    up[2, 3] += LIFT_M
    hand.move(LIFT_S, wrist=up)


def flip(hand: HumanHand, stage: HumanStage) -> None:
    """Lift, and turn the forearm outwards: the fingers' side goes up."""
    lift(hand, stage)
    up = hand.goal.copy()
    up[:3, :3] = up[:3, :3] @ Rotation.from_rotvec([-FLIP_RAD, 0.0, 0.0]).as_matrix()  # -x points along the fingers
    hand.move(1.0, wrist=up)


def pull(hand: HumanHand, stage: HumanStage) -> None:
    """Draw it straight out."""
    back = hand.goal.copy()
    back[:3, 3] -= PULL_M * stage.object_pose()[:3, 0]
    hand.move(1.1, wrist=back)


def squeeze(hand: HumanHand, stage: HumanStage) -> None:
    """Push down, and turn to and fro about the reamer."""
    start, about = hand.goal.copy(), transform(None, [*stage.object_pose()[:2, 3], 0.0])
    for turn in (PRESS_TURN_RAD, -PRESS_TURN_RAD):
        T = about @ transform(rot_z(turn)) @ inverse(about) @ start
        T[2, 3] -= PRESS_M
        hand.move(0.7, wrist=T)


def scoop(hand: HumanHand, stage: HumanStage) -> None:
    """Push the bowl on along the floor, then turn it level and raise it."""
    bowl = _bowl(stage)
    ahead = rot_z(yaw_of(stage.object_pose())) @ [1.0, 0.0, 0.0]
    pushed = hand.goal.copy()
    pushed[:3, 3] += PUSH_M * ahead
    hand.move(0.6, wrist=pushed)
    pivot = bowl + PUSH_M * ahead
    R = Rotation.from_rotvec(-LEVEL_RAD * np.cross([0.0, 0.0, 1.0], ahead)).as_matrix()
    up = transform(None, pivot) @ transform(R) @ transform(None, -pivot) @ pushed
    up[2, 3] += RAISE_M
    hand.move(1.0, wrist=up)


def stir(hand: HumanHand, stage: HumanStage) -> None:
    """Lift the handle off the rim and lead it around most of a circle."""
    ahead = rot_z(yaw_of(stage.object_pose())) @ [1.0, 0.0, 0.0]
    start = hand.goal.copy()
    start[2, 3] += OFF_RIM_M
    hand.move(0.5, wrist=start)
    arm = STIR_M * ahead
    for angle in np.linspace(0.0, STIR_RAD, 33)[1:]:
        T = start.copy()
        T[:3, 3] += rot_z(angle) @ arm - arm
        hand.move(1.6 / 32, wrist=T)


def _bowl(stage: HumanStage) -> Array:
    assert isinstance(stage.thing, Spoon)
    return apply(stage.object_pose(), stage.thing.bowl_centre)


@dataclass(frozen=True)
class Act:
    """What is filmed of one kind.

    Attributes:
        do: what follows the grasp.
        narrations: what is said of it, by verb; the last word is the thing that is held.
        place_x_m: where it may stand, so that it and the hand are in the picture.
        proven: a hold is filmed that lasted before, off camera, and lasts again; else the first that is tried, as
            people fumble too.
        from_m: where the hand comes from, relative to where it reaches from: from outside the picture, all of it.
        approach_s: how long it takes to come from there.
    """

    do: Doing
    narrations: Mapping[str, tuple[str, ...]]
    place_x_m: tuple[float, float] = (0.50, 0.60)
    proven: bool = True
    from_m: tuple[float, float, float] = (-0.35, -0.27, 0.08)
    approach_s: float = 0.8


ACTS: dict[str, Act] = {
    "bagel": Act(flip, {"flip": ("flip bagel", "turn over bagel", "flip over bagel", "flip roll")}),
    "bunch": Act(lift, {"pick": ("pick up grapes", "take grapes", "lift bunch of grapes", "grab grapes")}),
    # As sixty cups were filmed before there were others, so that a seed goes on giving the very clips.
    "cup": Act(
        lift,
        {"pick": ("pick up cup", "take cup", "lift cup", "grab mug"), "pour": ("pour from cup", "empty cup")},
        proven=False,
        from_m=(-0.16, -0.10, 0.06),
        approach_s=0.6,
    ),
    "drawer": Act(
        pull, {"open": ("open drawer", "pull open drawer", "slide open drawer", "pull drawer")}, place_x_m=(0.60, 0.68)
    ),
    "lemon": Act(squeeze, {"squeeze": ("squeeze lemon", "squeeze half lemon", "squeeze out lemon", "squeeze lime")}),
    "spoon": Act(
        lift, {"pick": ("pick up spoon", "take spoon", "lift spoon", "grab ladle")}, place_x_m=(0.46, 0.56)
    ),
    "spoon in dish": Act(
        scoop,
        {
            "scoop": (
                "scoop grapes with spoon",
                "scoop up grape with spoon",
                "lift grape with spoon",
                "scoop one grape with spoon",
            )
        },
        place_x_m=(0.52, 0.62),
    ),
    "spoon in pot": Act(
        stir,
        {"stir": ("stir soup with spoon", "stir pot with spoon", "mix soup with ladle", "stir with spoon")},
        place_x_m=(0.52, 0.62),
    ),
}  # fmt: skip
