"""The human hand does a task: goals in terms of the object and the table, nothing of any robot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.errors import ConfigError
from deft_core.geometry import transform
from deft_sim.human.food import FOOD, FOOD_PROPS
from deft_sim.human.grasping import Hold, take_hold
from deft_sim.human.hand_driver import HumanHand
from deft_sim.human.natural import STYLES, reach_cup
from deft_sim.human.props import Props
from deft_sim.human.scene import HumanStage
from deft_sim.human.tools import TOOL_PROPS, TOOLS
from deft_sim.things.cup import Cup

LIFT_M = 0.17
POUR_RAD = np.radians(132.0)
# A person showing a robot something moves slowly.
PACE = 2.0
# The demonstrator's own cup: no object of a task.
DEMO_CUP = Cup(
    height_m=0.098,
    profile=[(0.0, 0.031), (0.5, 0.0355), (1.0, 0.0385)],
    mass_kg=0.18,
    friction=0.8,
    color=(0.55, 0.30, 0.55),
    accent=(0.9, 0.85, 0.6),
    pattern="stripe",
)


def lift(hand: HumanHand, duration_s: float) -> None:
    """Lift straight up."""
    up = hand.goal.copy()
    up[2, 3] += LIFT_M
    hand.move(duration_s, wrist=up)


def pick_cup(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Take the cup and lift it."""
    hold = _hold_cup(stage, hand, "pick", rng)
    lift(hand, 5.0)
    hand.move(1.3)
    return hold


def pour_cup(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Take the cup, lift it, and turn the forearm inwards until the cup is upside down."""
    hold = _hold_cup(stage, hand, "pour", rng)
    lift(hand, 1.9)
    # In parts, so that the goal never turns by more than half a turn's shorter way; about the wrist's own long axis.
    start = hand.goal.copy()
    for part in np.linspace(0, 1, 33)[1:]:
        s = part * part * (3 - 2 * part)
        turn = Rotation.from_rotvec([s * POUR_RAD, 0.0, 0.0]).as_matrix()  # -x points along the fingers
        hand.move(3.3 / 32, wrist=start @ transform(turn))
    hand.move(0.6)
    return hold


def _hold_cup(stage: HumanStage, hand: HumanHand, verb: str, rng: np.random.Generator) -> Hold:
    if not isinstance(stage.thing, Cup):
        raise ConfigError(f"the demonstrator was given a {type(stage.thing).__name__}, expected a cup")
    reach, _ = reach_cup(stage.thing, stage.object_pose(), STYLES[verb], rng)
    hold = take_hold(hand, stage.object_body, reach, PACE)
    hand.move(0.3)
    return hold


PROPS: dict[str, Props] = {"pick_cup": Props(DEMO_CUP), "pour_cup": Props(DEMO_CUP), **FOOD_PROPS, **TOOL_PROPS}
DEMONSTRATIONS: dict[str, Callable[[HumanStage, HumanHand, np.random.Generator], Hold]] = {
    "pick_cup": pick_cup,
    "pour_cup": pour_cup,
    **FOOD,
    **TOOLS,
}
