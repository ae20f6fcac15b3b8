"""Objects to grasp, drawn at random: of the tasks' kinds, never the tasks' own.

A kind is one entry of `KINDS`: how to draw one with what stands beside it, what may be done with it, and how a person
reaches for it. Further kinds plug in here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from deft_affordance.data.draws import Drawn, draw_bagel, draw_bunch, draw_cup, draw_drawer, draw_lemon
from deft_affordance.data.likeness import TaskObjectRefused, refuse_task_object
from deft_affordance.data.spoons import draw_scoop, draw_spoon, draw_stirrer, leans
from deft_core.geometry import Array, apply, yaw_of
from deft_sim.human.aiming import Aim
from deft_sim.human.aims import AIMS, HELD_AT, TO_SCOOP, TO_STIR
from deft_sim.human.grasping import Reach
from deft_sim.human.hand_driver import Touch
from deft_sim.human.natural import STYLES, reach_aimed, reach_cup
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.cup import Cup
from deft_sim.things.drawer import Drawer
from deft_sim.things.lemon import Lemon
from deft_sim.things.spoon import Spoon
from deft_sim.things.thing import Thing

TABLE_X_M = (0.46, 0.65)


@dataclass(frozen=True)
class Kind:
    """What the generator must know of a kind of object.

    Attributes:
        draw: a random one, with what stands beside it.
        verbs: what may be done with it.
        reach: (thing, T_base_thing, verb, rng) -> how a person reaches, and its discomfort.
        proper: whether a person would touch it so (nobody's thumb goes into a cup).
        turn: what its yaw changes. "spins": nothing, it looks and is grasped the same from all around. "leads": the
            hand turns with it. "stays": the hand comes as it does, however the thing lies.
        yaw_rad: how far it may be turned, where that matters.
        place_x_m: where it may stand: around the tasks' placements, and a little beyond.
        pinch: whether fingers and thumb meet with their pulps; else they make a fist.
        loose: whether it is many parts that swing, so that how the whole is turned says little about its hold.
        lifted: whether the hold is tested by lifting and shaking; else by pulling back.
        stands: (thing, T_place_thing) -> whether it came to rest as it should.
    """

    draw: Callable[[np.random.Generator], Drawn]
    verbs: tuple[str, ...]
    reach: Callable[[Thing, Array, str, np.random.Generator], tuple[Reach, float]]
    turn: Literal["spins", "leads", "stays"]
    proper: Callable[[Touch], bool] = lambda touch: True
    yaw_rad: float = np.pi
    place_x_m: tuple[float, float] = TABLE_X_M
    pinch: bool = False
    loose: bool = False
    lifted: bool = True
    stands: Callable[[Thing, Array], bool] = lambda thing, pose: True


def _reach_cup(thing: Thing, T: Array, verb: str, rng: np.random.Generator) -> tuple[Reach, float]:
    assert isinstance(thing, Cup)
    return reach_cup(thing, T, STYLES[verb], rng)


def _outside(touch: Touch) -> bool:
    """No finger reaches into the opening: every touch pushes towards the axis, or at a rim, down."""
    radial = touch.points[:, :2] / (np.linalg.norm(touch.points[:, :2], axis=1, keepdims=True) + 1e-9)
    return bool(((touch.normals[:, :2] * radial).sum(axis=1) > -0.3).all())


def _reach_spoon(aim: Aim, held_at: float) -> Callable[[Thing, Array, str, np.random.Generator], tuple[Reach, float]]:
    def reach(thing: Thing, T: Array, verb: str, rng: np.random.Generator) -> tuple[Reach, float]:
        assert isinstance(thing, Spoon)
        z = float(rng.normal())
        way, discomfort = reach_aimed(aim, apply(T, thing.along_handle(held_at + 0.04 * z)), yaw_of(T), rng)
        return way, discomfort + z**2 / 6

    return reach


def _reach_drawer(thing: Thing, T: Array, verb: str, rng: np.random.Generator) -> tuple[Reach, float]:
    assert isinstance(thing, Drawer)
    up = np.array([0.0, 0.0, 0.06 * thing.handle_height_m * rng.normal()])
    return reach_aimed(AIMS["open_drawer"], apply(T, np.array(thing.grip) + up), yaw_of(T), rng)


def _reach_food(thing: Thing, T: Array, verb: str, rng: np.random.Generator) -> tuple[Reach, float]:
    if isinstance(thing, Bunch):
        return reach_aimed(AIMS["pick_grape"], T[:3, 3] + [0.0, 0.0, 0.84 * thing.stalk_height_m], 0.0, rng)
    if isinstance(thing, Bagel):
        return reach_aimed(AIMS["flip_bagel"], T[:3, 3] + [0.0, -thing.ring_m, thing.thick_m], 0.0, rng)
    assert isinstance(thing, Lemon)
    return reach_aimed(AIMS["squeeze_lemon"], T[:3, 3] + [0.0, 0.0, 0.47 * thing.height_m], 0.0, rng)


def _leans(thing: Thing, T: Array) -> bool:
    return isinstance(thing, Spoon) and leans(thing, T)


POT_X_M = (0.49, 0.66)
KINDS: dict[str, Kind] = {
    "bagel": Kind(draw_bagel, ("flip",), _reach_food, "spins"),
    "bunch": Kind(draw_bunch, ("pick",), _reach_food, "stays", yaw_rad=0.7, loose=True),
    "cup": Kind(draw_cup, ("pick", "pour"), _reach_cup, "spins", _outside),
    "drawer": Kind(draw_drawer, ("open",), _reach_drawer, "leads", yaw_rad=0.5, place_x_m=(0.59, 0.76), lifted=False),
    "lemon": Kind(draw_lemon, ("squeeze",), _reach_food, "spins"),
    "spoon": Kind(
        draw_spoon,
        ("pick",),
        _reach_spoon(AIMS["pick_spoon"], HELD_AT["pick_spoon"]),
        "leads",
        yaw_rad=0.7,
        place_x_m=(0.43, 0.60),
        pinch=True,
    ),
    "spoon in dish": Kind(
        draw_scoop,
        ("scoop",),
        _reach_spoon(*TO_SCOOP),
        "leads",
        yaw_rad=0.6,
        place_x_m=POT_X_M,
        stands=_leans,
    ),
    "spoon in pot": Kind(
        draw_stirrer,
        ("stir",),
        _reach_spoon(*TO_STIR),
        "leads",
        yaw_rad=0.6,
        place_x_m=POT_X_M,
        stands=_leans,
    ),
}
# Which kind each object of a data set is, in turn: cups twice, since they serve two verbs.
TURNS = ("cup", "bagel", "bunch", "drawer", "cup", "lemon", "spoon", "spoon in dish", "spoon in pot")


def draw_object(kind: str, rng: np.random.Generator) -> Drawn:
    """Draw an object of a kind, and what stands with it, none of which any task file names."""
    while True:
        drawn = KINDS[kind].draw(rng)
        try:
            for thing in (drawn.target, *drawn.others.values()):
                refuse_task_object(thing)
        except TaskObjectRefused:
            continue
        return drawn


def kinds_named(text: str) -> list[str]:
    """Kinds of objects from the command line, with commas between them."""
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in KINDS]:
        raise argparse.ArgumentTypeError(f"no such kind: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    return names
