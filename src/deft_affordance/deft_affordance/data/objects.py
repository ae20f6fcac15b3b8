"""Objects to grasp, drawn at random: of the tasks' kinds, never the tasks' own.

A kind is one entry of `KINDS`: how to draw one, how far two of them differ, what may be done with it, and how a person
reaches for it. Further kinds plug in here.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from deft_core.errors import DeftError
from deft_core.geometry import Array
from deft_core.task import available_tasks, load_task
from deft_sim.human.grasping import Reach
from deft_sim.human.hand_driver import Touch
from deft_sim.human.natural import STYLES, reach_cup
from deft_sim.things.cup import Cup
from deft_sim.things.registry import make_thing
from deft_sim.things.thing import Thing

# Two objects count as different when some dimension differs by at least this share.
MIN_DIFFERENCE = 0.05


class TaskObjectRefused(DeftError):
    """An object of the prior's training is (nearly) one of a task file."""


@dataclass(frozen=True)
class Kind:
    """What the generator must know of a kind of object.

    Attributes:
        draw: a random one.
        difference: largest relative difference of dimensions between two.
        verbs: what may be done with it.
        reach: (thing, T_base_thing, verb, rng) -> how a person reaches, and its discomfort.
        proper: whether a person would touch it so (nobody's thumb goes into a cup).
        round: whether it looks and grasps the same from all around.
    """

    draw: Callable[[np.random.Generator], Thing]
    difference: Callable[[Thing, Thing], float]
    verbs: tuple[str, ...]
    reach: Callable[[Thing, Array, str, np.random.Generator], tuple[Reach, float]]
    proper: Callable[[Thing, Touch], bool]
    round: bool


_PATTERNS: tuple[Literal["badge", "stripe", "label"], ...] = ("badge", "stripe", "label")


def _color(rng: np.random.Generator) -> tuple[float, float, float]:
    return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.0, 0.95), rng.uniform(0.25, 0.98))


def draw_cup(rng: np.random.Generator) -> Cup:
    """A cup or mug of 70 to 135 mm, wall 24 to 55 mm from its axis: tapered, straight, waisted, bellied or lipped."""
    height, radius = rng.uniform(0.070, 0.135), rng.uniform(0.030, 0.049)
    form = rng.choice(["tapered", "straight", "waisted", "bellied", "lipped"])
    if form == "tapered":
        taper = rng.uniform(0.70, 0.95)
        profile = [(0.0, radius * taper), (1.0, radius * (2.0 - taper) ** 0.5)]
    elif form == "straight":
        profile = [(0.0, radius), (1.0, radius)]
    elif form == "waisted":
        waist = rng.uniform(0.84, 0.95)
        profile = [(0.0, radius), (rng.uniform(0.35, 0.65), radius * waist), (1.0, radius * rng.uniform(0.98, 1.06))]
    elif form == "bellied":
        belly = rng.uniform(1.04, 1.15)
        profile = [(0.0, 0.92 * radius), (rng.uniform(0.35, 0.65), radius * belly), (1.0, 0.96 * radius)]
    else:
        profile = [(0.0, radius), (rng.uniform(0.75, 0.9), radius), (1.0, radius * rng.uniform(1.04, 1.12))]
    return Cup(
        height_m=float(height),
        profile=[(float(f), float(r)) for f, r in profile],
        mass_kg=float(rng.uniform(0.08, 0.45)),
        friction=0.6,
        color=_color(rng),
        accent=_color(rng),
        pattern=_PATTERNS[rng.integers(len(_PATTERNS))],
    )


def cup_difference(a: Thing, b: Thing) -> float:
    """Largest relative difference of height and of radius along the height between two cups."""
    if not (isinstance(a, Cup) and isinstance(b, Cup)):
        return np.inf
    levels = np.linspace(0, 1, 11)
    ra, rb = (np.interp(levels, *np.array(cup.profile).T) for cup in (a, b))
    return float(max(abs(a.height_m / b.height_m - 1.0), np.abs(ra / rb - 1.0).max()))


def _reach_cup(thing: Thing, T: Array, verb: str, rng: np.random.Generator) -> tuple[Reach, float]:
    assert isinstance(thing, Cup)
    return reach_cup(thing, T, STYLES[verb], rng)


def _outside(thing: Thing, touch: Touch) -> bool:
    """No finger reaches into the opening: every touch pushes towards the axis, or at a rim, down."""
    radial = touch.points[:, :2] / (np.linalg.norm(touch.points[:, :2], axis=1, keepdims=True) + 1e-9)
    return bool(((touch.normals[:, :2] * radial).sum(axis=1) > -0.3).all())


KINDS: dict[str, Kind] = {"cup": Kind(draw_cup, cup_difference, ("pick", "pour"), _reach_cup, _outside, round=True)}


def task_objects(kind: str) -> list[Thing]:
    """Every object of a kind in every task file: train and test, target and others."""
    things = []
    for name in available_tasks():
        task = load_task(name)
        for which in ("train", "test"):
            objects = task.objects(which)
            for spec in (objects.target, *objects.others):
                if spec.kind == kind:
                    things.append(make_thing(spec, f"tasks/{name}.yaml: {which}"))
    return things


def refuse_task_object(thing: Thing, kind: str, known: list[Thing]) -> None:
    """Raise TaskObjectRefused if a thing is within MIN_DIFFERENCE of an object of a task file."""
    for other in known:
        if (difference := KINDS[kind].difference(thing, other)) < MIN_DIFFERENCE:
            raise TaskObjectRefused(
                f"this {kind} differs from a task's by {difference:.3f} at most in any dimension (at least "
                f"{MIN_DIFFERENCE} is asked): the prior may not train on the tasks' own objects"
            )


def draw_object(kind: str, known: list[Thing], rng: np.random.Generator) -> Thing:
    """Draw an object of a kind that no task file names."""
    while True:
        thing = KINDS[kind].draw(rng)
        try:
            refuse_task_object(thing, kind, known)
        except TaskObjectRefused:
            continue
        return thing
