"""Things drawn at random, sized as such things are: a target, and what stands with it."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from deft_affordance.data.likeness import TaskObjectRefused, refuse_task_object
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.cup import Cup
from deft_sim.things.drawer import Drawer
from deft_sim.things.grape import Grape
from deft_sim.things.juicer import REAMER_HALF_ANGLE_RAD, Juicer
from deft_sim.things.lemon import Lemon
from deft_sim.things.thing import RGB, Thing

_PATTERNS: tuple[Literal["badge", "stripe", "label"], ...] = ("badge", "stripe", "label")


@dataclass(frozen=True)
class Drawn:
    """A target and what else stands there, by name; each with its rest pose relative to one place."""

    target: Thing
    others: Mapping[str, Thing] = field(default_factory=dict)


def color(rng: np.random.Generator) -> RGB:
    """Any colour but black."""
    return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.0, 0.95), rng.uniform(0.25, 0.98))


def draw_cup(rng: np.random.Generator) -> Drawn:
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
    return Drawn(vessel(height, profile, rng.uniform(0.08, 0.45), rng, friction=0.6))


def vessel(
    height: float, profile: list[tuple[float, float]], mass: float, rng: np.random.Generator, friction: float = 0.4
) -> Cup:
    """A body of revolution in random colours."""
    return Cup(
        height_m=float(height),
        profile=[(float(f), float(r)) for f, r in profile],
        mass_kg=float(mass),
        friction=friction,
        color=color(rng),
        accent=color(rng),
        pattern=_PATTERNS[rng.integers(len(_PATTERNS))],
    )


def draw_drawer(rng: np.random.Generator) -> Drawn:
    """A small chest, ajar, with an upright bar to pull."""
    height = rng.uniform(0.13, 0.22)
    return Drawn(
        Drawer(
            width_m=rng.uniform(0.17, 0.30),
            depth_m=rng.uniform(0.18, 0.24),
            height_m=height,
            open_m=rng.uniform(0.010, 0.026),
            drag_n=rng.uniform(1.2, 2.4),
            mass_kg=rng.uniform(0.3, 0.6),
            friction=0.55,
            handle="bar",
            handle_height_m=min(rng.uniform(0.078, 0.130), height - 0.030),
            handle_reach_m=rng.uniform(0.050, 0.095),
            handle_thick_m=rng.uniform(0.013, 0.026),
            color=color(rng),
            front=color(rng),
            metal=color(rng),
        )
    )


def draw_bunch(rng: np.random.Generator) -> Drawn:
    """A small bunch of grapes, fuller in its middle."""
    radius, whorls = rng.uniform(0.0088, 0.0130), int(rng.integers(3, 6))
    counts = [int(rng.integers(1, 4)), *(int(rng.integers(3, 5)) for _ in range(whorls - 2)), int(rng.integers(2, 4))]
    return Drawn(
        Bunch(
            berry_radius_m=radius,
            whorls=counts,
            spacing_m=radius * rng.uniform(1.55, 1.85),
            stem_n=(2.0, 3.4),
            friction=0.6,
            color=color(rng),
        )
    )


def draw_bagel(rng: np.random.Generator) -> Drawn:
    """A bagel, 74 to 118 mm across, from pale to dark."""
    ring = rng.uniform(0.0245, 0.040)
    dark = rng.random()
    crust = colorsys.hsv_to_rgb(rng.uniform(0.03, 0.13), rng.uniform(0.45, 0.9), 0.95 - 0.72 * dark)
    return Drawn(
        Bagel(
            ring_m=ring,
            thick_m=ring * rng.uniform(0.43, 0.53),
            mass_kg=rng.uniform(0.045, 0.11),
            friction=0.6,
            crust=crust if rng.random() < 0.8 else color(rng),
            base=color(rng),
        )
    )


def draw_lemon(rng: np.random.Generator) -> Drawn:
    """Half a lemon, lime or small orange on a juicer's reamer."""
    while True:
        radius, rim = rng.uniform(0.043, 0.064), rng.uniform(0.020, 0.041)
        floor, reamer = rim - 0.010, rng.uniform(0.047, 0.069)
        if rim < reamer - 0.015 and (reamer - floor) * np.tan(REAMER_HALF_ANGLE_RAD) < 0.68 * radius:
            break
    juicer = Juicer(radius_m=radius, rim_m=rim, floor_m=floor, reamer_m=reamer, mass_kg=0.5, color=color(rng))
    half = rng.uniform(0.0225, 0.0335)
    mouth = half * rng.uniform(0.55, 0.60)
    lemon = Lemon(
        radius_m=half,
        height_m=half * rng.uniform(1.22, 1.52),
        nipple=rng.uniform(0.0, 0.15) if rng.random() < 0.7 else 0.0,
        mouth_m=mouth,
        stands_at_m=reamer - mouth / np.tan(REAMER_HALF_ANGLE_RAD) + 0.0006,
        mass_kg=rng.uniform(0.04, 0.08),
        friction=0.6,
        color=colorsys.hsv_to_rgb(rng.uniform(0.07, 0.30), rng.uniform(0.5, 0.95), rng.uniform(0.5, 0.98)),
    )
    return Drawn(lemon, {"juicer": juicer})


def draw_grapes(dish: Cup, clear_m: float, rng: np.random.Generator) -> dict[str, Grape]:
    """Loose grapes for a dish, in two layers, away from the strip |y| < clear_m that a spoon comes along."""
    tint, radius = color(rng), task_free_radius(rng)
    room = float(np.interp(0.25, *np.array(dish.profile).T)) - dish.wall_m - radius
    places: list[tuple[float, float, float]] = []
    wanted = int(rng.integers(7, 15))
    for _ in range(400):
        r, angle, upper = room * rng.random() ** 0.5, rng.uniform(-np.pi, np.pi), len(places) > 0.75 * wanted
        x, y = r * np.cos(angle), r * np.sin(angle)
        at = (x, y, 0.006 + (2.1 * radius if upper else 0.0))
        clear = x > 0.012 or (abs(y) > clear_m + radius and x > -0.4 * room)
        if clear and all(np.hypot(x - a, y - b) > 2.02 * radius or abs(at[2] - c) > radius for a, b, c in places):
            places.append(at)
        if len(places) == wanted:
            break
    grape = Grape(radius_m=radius, friction=0.55, color=tint)
    return {f"grape{k}": grape.model_copy(update={"rest_xyz_m": at}) for k, at in enumerate(places)}


def task_free_radius(rng: np.random.Generator) -> float:
    """A grape's radius that no task's has."""
    while True:
        radius = float(rng.uniform(0.0068, 0.0115))
        try:
            refuse_task_object(Grape(radius_m=radius, friction=0.5, color=(0.5, 0.5, 0.5)))
        except TaskObjectRefused:
            continue
        return radius
