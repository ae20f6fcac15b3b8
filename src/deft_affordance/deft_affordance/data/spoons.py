"""Spoons drawn at random: on the table, in a pot to stir, in a dish of grapes to scoop."""

from __future__ import annotations

import numpy as np

from deft_affordance.data.draws import Drawn, color, draw_grapes, vessel
from deft_core.geometry import Array
from deft_sim.things.cup import Cup
from deft_sim.things.spoon import Spoon

# A leaning spoon is let go this far above where it will lie, turned this much steeper: it settles onto the rim.
_DROP_M, _STEEPER_RAD = 0.002, 0.05


def draw_spoon(rng: np.random.Generator) -> Drawn:
    """A spoon that lies on its bowl and the end of its arched handle."""
    length = rng.uniform(0.105, 0.170)
    return Drawn(
        _spoon(
            rng,
            length=length,
            arch=length * rng.uniform(0.080, 0.105),
            bowl=(rng.uniform(0.044, 0.068), rng.uniform(0.031, 0.049), rng.uniform(0.010, 0.0155)),
            thick=rng.uniform(0.0062, 0.0088),
        )
    )


def _spoon(
    rng: np.random.Generator,
    length: float,
    arch: float,
    bowl: tuple[float, float, float],
    thick: float,
    rest: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None,
) -> Spoon:
    wood = color(rng)
    xyz, rpy = rest or ((0.0, 0.0, 0.0005), (0.0, 0.0, 0.0))
    return Spoon(
        handle_length_m=length,
        handle_width_m=rng.uniform(0.0145, 0.0220),
        handle_thick_m=thick,
        arch_m=arch,
        bowl_length_m=bowl[0],
        bowl_width_m=bowl[1],
        bowl_depth_m=bowl[2],
        mass_kg=rng.uniform(0.05, 0.08),
        friction=0.6,
        color=wood,
        bowl_color=wood if rng.random() < 0.4 else color(rng),
        rest_xyz_m=xyz,
        rest_rpy_rad=rpy,
    )


def draw_stirrer(rng: np.random.Generator) -> Drawn:
    """A spoon that leans on the rim of a pot."""
    radius = rng.uniform(0.066, 0.080)
    belly = rng.uniform(1.03, 1.12)
    forms = (
        [(0.0, radius * rng.uniform(0.86, 0.97)), (1.0, radius)],
        [(0.0, 0.80 * radius), (0.5, radius * belly), (1.0, radius)],
        [(0.0, radius), (1.0, radius)],
    )
    pot = vessel(rng.uniform(0.053, 0.082), forms[rng.integers(3)], 1.4, rng)
    bowl = (rng.uniform(0.040, 0.053), rng.uniform(0.028, 0.038), rng.uniform(0.0095, 0.0125))
    length = rng.uniform(0.158, 0.215)
    return Drawn(_leaning(pot, length, rng.uniform(0.001, 0.008), bowl, rng.uniform(0.15, 0.75), rng), {"pot": pot})


def draw_scoop(rng: np.random.Generator) -> Drawn:
    """A spoon that leans on the rim of a shallow dish of grapes."""
    base = rng.uniform(0.049, 0.062)
    top = base * rng.uniform(1.18, 1.34)
    forms = ([(0.0, base), (1.0, top)], [(0.0, base), (rng.uniform(0.4, 0.65), 0.55 * base + 0.45 * top), (1.0, top)])
    dish = vessel(rng.uniform(0.038, 0.057), forms[rng.integers(2)], 1.0, rng)
    bowl = (rng.uniform(0.050, 0.066), rng.uniform(0.044, 0.054), rng.uniform(0.0100, 0.0150))
    length = rng.uniform(0.122, 0.172)
    spoon = _leaning(dish, length, rng.uniform(0.002, 0.008), bowl, rng.uniform(-0.1, 0.2), rng)
    return Drawn(spoon, {"dish": dish, **draw_grapes(dish, 0.5 * bowl[1], rng)})


def _leaning(
    pot: Cup, length: float, arch: float, bowl: tuple[float, float, float], across: float, rng: np.random.Generator
) -> Spoon:
    """A spoon whose bowl rests on the floor at `across` (share of its radius, beyond the axis), handle on the rim."""
    (_, foot), (height, rim) = pot.outline[0], pot.outline[-1]
    thick = rng.uniform(0.0072, 0.0096)
    tip = np.array([across * (foot - pot.wall_m), pot.floor_m])  # where the bowl's underside rests: x, z
    along, under = length / 2 + 0.7 * bowl[0], 0.5 * (bowl[2] - thick) + arch  # from there back, and up to the handle
    pitch = np.arctan2(height - tip[1], tip[0] + rim) - under / np.hypot(height - tip[1], tip[0] + rim) + _STEEPER_RAD
    x, z = tip[0] - along * np.cos(pitch), tip[1] + along * np.sin(pitch) + _DROP_M
    return _spoon(rng, length, arch, bowl, thick, ((float(x), 0.0, float(z)), (0.0, float(pitch), 0.0)))


def leans(spoon: Spoon, T_place_spoon: Array) -> bool:
    """Whether a spoon that was let go in its pot leans on the rim, its handle towards the robot."""
    ahead = T_place_spoon[:3, 0]
    rest = np.array(spoon.rest_xyz_m)
    slope = float(np.arcsin(-ahead[2]))
    yaw = float(np.arctan2(ahead[1], ahead[0]))
    upright = T_place_spoon[2, 2] > 0.8
    return (
        0.10 < slope < 0.75 and abs(yaw) < 0.25 and upright and bool(np.linalg.norm(T_place_spoon[:3, 3] - rest) < 0.04)
    )
