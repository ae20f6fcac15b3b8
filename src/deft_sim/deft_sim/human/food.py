"""Demonstrations with food: what a hand means to do with grapes, bagels and lemons, in terms of thing and table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import inverse, rot_z, transform
from deft_sim.human.aims import AIMS
from deft_sim.human.grasping import Hold, take_hold
from deft_sim.human.hand_driver import HumanHand
from deft_sim.human.props import Props
from deft_sim.human.scene import HumanStage
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.juicer import Juicer
from deft_sim.things.lemon import Lemon

PACE = 2.0
LIFT_M = 0.15
FLIP_LIFT_M, FLIP_RAD = 0.14, np.radians(150)
# Pressing juice out: push, then turn the hand to and fro about the fruit.
PUSH_M, TURN_RAD = 0.010, np.radians(16)

DEMO_BUNCH = Bunch(
    berry_radius_m=0.0108,
    whorls=[2, 4, 4, 2],
    spacing_m=0.018,
    stem_n=(1.7, 3.4),
    friction=0.6,
    color=(0.20, 0.12, 0.30),
)
DEMO_BAGEL = Bagel(
    ring_m=0.0315, thick_m=0.0155, mass_kg=0.075, friction=0.6, crust=(0.80, 0.60, 0.30), base=(0.96, 0.90, 0.75)
)
DEMO_LEMON = Lemon(
    radius_m=0.028,
    height_m=0.038,
    mouth_m=0.016,
    stands_at_m=0.036,
    mass_kg=0.06,
    friction=0.6,
    color=(0.95, 0.62, 0.12),
)
DEMO_JUICER = Juicer(radius_m=0.053, rim_m=0.030, floor_m=0.019, reamer_m=0.058, mass_kg=0.5, color=(0.92, 0.92, 0.90))


def pick_grape(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Rake the bunch into the hand from above and beside it, and lift it gently."""
    T = stage.object_pose()
    reach = AIMS["pick_grape"].reach(T[:3, 3] + [0.0, 0.0, 0.022], 0.0)
    hold = take_hold(hand, stage.object_body, reach, PACE)
    hand.move(0.3)
    up = hand.goal.copy()
    up[2, 3] += LIFT_M
    hand.move(5.2, wrist=up)
    hand.move(1.6)
    return hold


def flip_bagel(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Take the bagel by its right side, lift it, and turn the forearm outwards until the palm is up."""
    T = stage.object_pose()
    ring = DEMO_BAGEL.ring_m
    point = T[:3, 3] + [0.0, -ring, DEMO_BAGEL.thick_m]
    hold = take_hold(hand, stage.object_body, AIMS["flip_bagel"].reach(point, 0.0), PACE)
    hand.move(0.3)
    up = hand.goal.copy()
    up[2, 3] += FLIP_LIFT_M
    hand.move(2.0, wrist=up)
    # In parts, so that the goal never turns by more than half a turn's shorter way; about the wrist's own long axis.
    for part in np.linspace(0, 1, 33)[1:]:
        s = part * part * (3 - 2 * part)
        turn = Rotation.from_rotvec([-s * FLIP_RAD, 0.0, 0.0]).as_matrix()  # -x points along the fingers
        hand.move(3.3 / 32, wrist=up @ transform(turn))
    hand.move(0.8)
    return hold


def squeeze_lemon(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Cover the fruit where it sits on the juicer, push down, and turn it to and fro about the reamer."""
    T = stage.object_pose()
    point = T[:3, 3] + [0.0, 0.0, 0.018]
    hold = take_hold(hand, stage.object_body, AIMS["squeeze_lemon"].reach(point, 0.0), PACE)
    hand.move(0.3)
    start = hand.goal.copy()
    about = transform(None, [point[0], point[1], 0.0])
    for turn, push in ((TURN_RAD, 0.6), (-TURN_RAD, 1.0), (TURN_RAD, 1.0), (0.0, 1.0)):
        T = about @ transform(rot_z(turn)) @ inverse(about) @ start
        T[2, 3] -= push * PUSH_M
        hand.move(1.5, wrist=T)
    hand.move(0.6)
    return hold


FOOD: dict[str, Callable[[HumanStage, HumanHand, np.random.Generator], Hold]] = {
    "pick_grape": pick_grape,
    "flip_bagel": flip_bagel,
    "squeeze_lemon": squeeze_lemon,
}
FOOD_PROPS: dict[str, Props] = {
    "pick_grape": Props(DEMO_BUNCH),
    "flip_bagel": Props(DEMO_BAGEL),
    "squeeze_lemon": Props(DEMO_LEMON, {"juicer": DEMO_JUICER}),
}
