"""Demonstrations with drawers and spoons: what a hand means to do with a handle, in terms of thing and table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.errors import ConfigError
from deft_core.geometry import Array, apply, rot_z, transform, yaw_of
from deft_sim.human.aims import AIMS, HELD_AT, closed
from deft_sim.human.grasping import Hold, take_hold
from deft_sim.human.hand_driver import HumanHand
from deft_sim.human.props import Props
from deft_sim.human.scene import HumanStage
from deft_sim.things.cup import Cup
from deft_sim.things.drawer import Drawer
from deft_sim.things.grape import Grape
from deft_sim.things.spoon import Spoon

PACE = 2.0
PULL_M = 0.05
LIFT_M = 0.15
PUSH_M, PRESS_M, LEVEL_RAD, RAISE_M, SCOOP_LIFT_M = 0.0466, 0.0041, 0.6963, 0.15, 0.04
# Twice around along the wall, the handle off the rim: a handle that is drawn over the rim turns the bowl up, out of the
# pot, and a wide circle leaves room for a grip that takes its middle aside.
STIR_RAD, STIR_M, STIR_UP_M = np.radians(740), 0.045, 0.033

DEMO_DRAWER = Drawer(
    width_m=0.23,
    depth_m=0.21,
    height_m=0.17,
    open_m=0.017,
    drag_n=1.7,
    mass_kg=0.42,
    friction=0.55,
    handle="bar",
    handle_height_m=0.100,
    handle_reach_m=0.048,
    handle_thick_m=0.016,
    color=(0.55, 0.50, 0.45),
    front=(0.66, 0.58, 0.50),
    metal=(0.15, 0.15, 0.16),
)
DEMO_SPOON = Spoon(
    handle_length_m=0.135,
    handle_width_m=0.018,
    handle_thick_m=0.0075,
    arch_m=0.0125,
    bowl_length_m=0.056,
    bowl_width_m=0.040,
    bowl_depth_m=0.0125,
    mass_kg=0.065,
    friction=0.55,
    color=(0.40, 0.30, 0.22),
    bowl_color=(0.45, 0.34, 0.24),
)
DEMO_STIRRER = Spoon(
    handle_length_m=0.187,
    handle_width_m=0.018,
    handle_thick_m=0.0085,
    arch_m=0.004,
    bowl_length_m=0.046,
    bowl_width_m=0.033,
    bowl_depth_m=0.011,
    mass_kg=0.065,
    friction=0.60,
    color=(0.48, 0.34, 0.20),
    bowl_color=(0.48, 0.34, 0.20),
    rest_xyz_m=(-0.0775, 0.0, 0.0775),
    rest_rpy_rad=(0.0, 0.55, 0.0),
)
DEMO_POT = Cup(
    height_m=0.067,
    profile=[(0.0, 0.068), (1.0, 0.076)],
    mass_kg=1.3,
    friction=0.40,
    color=(0.35, 0.36, 0.40),
    accent=(0.80, 0.60, 0.20),
    pattern="stripe",
)
DEMO_SCOOP = Spoon(
    handle_length_m=0.146,
    handle_width_m=0.018,
    handle_thick_m=0.0085,
    arch_m=0.005,
    bowl_length_m=0.058,
    bowl_width_m=0.049,
    bowl_depth_m=0.0155,
    mass_kg=0.065,
    friction=0.60,
    color=(0.30, 0.22, 0.16),
    bowl_color=(0.60, 0.60, 0.62),
    rest_xyz_m=(-0.108, 0.0, 0.062),
    rest_rpy_rad=(0.0, 0.50, 0.0),
)
DEMO_DISH = Cup(
    height_m=0.047,
    profile=[(0.0, 0.054), (0.6, 0.064), (1.0, 0.068)],
    mass_kg=1.0,
    friction=0.40,
    color=(0.55, 0.36, 0.28),
    accent=(0.90, 0.85, 0.70),
    pattern="stripe",
)
_BERRIES = (
    (0.019, 0.0, 0.006),
    (0.018, 0.020, 0.006),
    (0.018, -0.020, 0.006),
    (0.038, 0.010, 0.006),
    (0.038, -0.010, 0.006),
    (0.028, 0.0, 0.023),
)
DEMO_BERRIES = {
    f"grape{k}": Grape(radius_m=0.009, friction=0.55, color=(0.30, 0.12, 0.30), rest_xyz_m=place)
    for k, place in enumerate(_BERRIES)
}


def _take(stage: HumanStage, hand: HumanHand, task: str, in_thing: Array) -> Hold:
    T = stage.object_pose()
    reach = AIMS[task].reach(apply(T, in_thing), yaw_of(T))
    hold = take_hold(hand, stage.object_body, reach, PACE, closed(task))
    hand.move(0.3)
    return hold


def open_drawer(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Close the hand around the handle and draw it straight back."""
    if not isinstance(stage.thing, Drawer):
        raise ConfigError(f"the demonstrator was given a {type(stage.thing).__name__}, expected a drawer")
    hold = _take(stage, hand, "open_drawer", np.array(stage.thing.grip))
    back = hand.goal.copy()
    back[:3, 3] -= PULL_M * stage.object_pose()[:3, 0]
    hand.move(5.0, wrist=back)
    hand.move(1.7)
    return hold


def _take_spoon(stage: HumanStage, hand: HumanHand, task: str) -> Hold:
    if not isinstance(stage.thing, Spoon):
        raise ConfigError(f"the demonstrator was given a {type(stage.thing).__name__}, expected a spoon")
    return _take(stage, hand, task, stage.thing.along_handle(HELD_AT[task]))


def pick_spoon(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Pinch the handle at its arch and lift it straight up."""
    hold = _take_spoon(stage, hand, "pick_spoon")
    up = hand.goal.copy()
    up[2, 3] += LIFT_M
    hand.move(5.0, wrist=up)
    hand.move(1.7)
    return hold


def stir_spoon(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Take the handle, lift it off the rim, bring the bowl out to the wall and lead it twice around the pot's axis."""
    if not isinstance(stage.thing, Spoon):
        raise ConfigError(f"the demonstrator was given a {type(stage.thing).__name__}, expected a spoon")
    centre, pot = stage.thing.bowl_centre, stage.data.body("pot")
    lay = apply(stage.object_pose(), centre) - pot.xpos
    hold = _take_spoon(stage, hand, "stir_spoon")
    held = apply(stage.object_pose(), centre) - pot.xpos
    arm = STIR_M * np.array([*lay[:2], 0.0]) / np.linalg.norm(lay[:2])
    start = hand.goal.copy()
    start[:2, 3] += (arm - held)[:2]
    start[2, 3] += STIR_UP_M
    hand.move(1.2, wrist=start)
    for angle in np.linspace(0.0, STIR_RAD, 97)[1:]:
        T = start.copy()
        T[:3, 3] += rot_z(angle) @ arm - arm
        hand.move(6.4 / 96, wrist=T)
    hand.move(1.2)
    return hold


def scoop_grape(stage: HumanStage, hand: HumanHand, rng: np.random.Generator) -> Hold:
    """Take the handle, push the bowl under the grapes at the dish's far side, turn it level, and lift."""
    if not isinstance(stage.thing, Spoon):
        raise ConfigError(f"the demonstrator was given a {type(stage.thing).__name__}, expected a spoon")
    centre = stage.thing.bowl_centre
    lay, ahead = apply(stage.object_pose(), centre), rot_z(yaw_of(stage.object_pose())) @ [1.0, 0.0, 0.0]
    hold = _take_spoon(stage, hand, "scoop_grape")
    # What the grip moved is put back, then the bowl goes on along the floor to the far wall.
    start = hand.goal.copy()
    start[:2, 3] += (lay - apply(stage.object_pose(), centre))[:2]
    start[2, 3] -= PRESS_M
    hand.move(1.2, wrist=start)
    pushed = start.copy()
    pushed[:3, 3] += PUSH_M * ahead
    hand.move(1.8, wrist=pushed)
    across = np.cross([0.0, 0.0, 1.0], ahead)
    pivot = apply(stage.object_pose(), centre)
    for part in np.linspace(0.0, 1.0, 17)[1:]:
        R = Rotation.from_rotvec(-np.sin(part * np.pi / 2) * LEVEL_RAD * across).as_matrix()
        T = transform(None, pivot) @ transform(R) @ transform(None, -pivot) @ pushed
        T[2, 3] += part * RAISE_M
        hand.move(1.8 / 16, wrist=T)
    up = hand.goal.copy()
    up[2, 3] += SCOOP_LIFT_M
    hand.move(1.8, wrist=up)
    hand.move(0.8)
    return hold


TOOLS: dict[str, Callable[[HumanStage, HumanHand, np.random.Generator], Hold]] = {
    "open_drawer": open_drawer,
    "pick_spoon": pick_spoon,
    "stir_spoon": stir_spoon,
    "scoop_grape": scoop_grape,
}
TOOL_PROPS: dict[str, Props] = {
    "open_drawer": Props(DEMO_DRAWER, place=(0.62, 0.0, 0.15)),
    "pick_spoon": Props(DEMO_SPOON, place=(0.52, 0.0, 0.2)),
    "stir_spoon": Props(DEMO_STIRRER, {"pot": DEMO_POT}, place=(0.58, 0.0, 0.2)),
    "scoop_grape": Props(DEMO_SCOOP, {"dish": DEMO_DISH, **DEMO_BERRIES}, place=(0.58, 0.0, 0.2)),
}
