"""How a person would go about grasping: the ways of coming that comfort allows, drawn at random.

The person stands behind the robot's base and looks along +x at the table, as the camera does, so the right forearm
comes from behind and from the right. Headings and elevations are spread about a comfortable middle; the spread is what
people show in reach-to-grasp at a table (hand orientation varies by 10 to 15 degrees between repetitions: Desmurget et
al., "Constrained and unconstrained movements involve different control strategies", J. Neurophysiol. 77, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from deft_core.geometry import Array
from deft_core.wrist import rotation_from_rpy
from deft_sim.human.aiming import Aim
from deft_sim.human.grasping import PRESHAPE, Reach
from deft_sim.things.cup import Cup


@dataclass(frozen=True)
class Style:
    """The comfortable middle of a way to grasp, and its spread (standard deviations).

    Attributes:
        rpy_rad: wrist angles in the convention of `deft_core.wrist` (roll, pitch, yaw).
        rpy_sigma_rad: their spread.
        height: where along the graspable part, 0 bottom to 1 top.
        height_sigma: its spread.
        offset_m: how the object sits in the hand beyond touching the thumb's web: back along the palm (x), towards the
            thumb (z).
        offset_sigma_m: its spread.
    """

    rpy_rad: tuple[float, float, float]
    rpy_sigma_rad: tuple[float, float, float]
    height: float
    height_sigma: float
    offset_m: tuple[float, float] = (0.0, 0.0)
    offset_sigma_m: float = 0.006


# A wrap from the side: fingers 19 degrees down (the nominal 45 less 26), heading a little inwards.
WRAP = Style(rpy_rad=(0.0, -0.45, 0.10), rpy_sigma_rad=(0.08, 0.08, 0.12), height=0.50, height_sigma=0.06)
# To pour, the hand goes lower, so that the rim stays free.
WRAP_LOW = Style(rpy_rad=(0.0, -0.48, 0.14), rpy_sigma_rad=(0.08, 0.08, 0.12), height=0.46, height_sigma=0.06)
STYLES = {"pick": WRAP, "pour": WRAP_LOW}
PALM_TO_AXIS_M = 0.008  # from the wrist frame's origin plane: the palm gives way and the hand closes up to it
# Spread about an aim: heading, below the horizon, palm (rad); the thing's place in the hand (m), along its axes.
AIM_SIGMA_RAD = (0.12, 0.08, 0.10)
IN_WRIST_SIGMA_M = (0.004, 0.002, 0.004)
WEB_M = 0.083  # from the wrist to where a held thing clears the web between thumb and index


def draw_angles(style: Style, rng: np.random.Generator) -> tuple[Array, float, Array]:
    """Draw wrist angles (3,), a height fraction and a hold offset (2,) of a style."""
    rpy = np.array(style.rpy_rad) + rng.normal(size=3) * style.rpy_sigma_rad
    height = float(np.clip(style.height + style.height_sigma * rng.normal(), 0.1, 0.9))
    offset = np.array(style.offset_m) + style.offset_sigma_m * rng.normal(size=2)
    return rpy, height, offset


def reach_axis(point: Array, radius_m: float, rpy: Array, offset: Array) -> Reach:
    """Plan to wrap the hand around an upright axis.

    Args:
        point: (3,) on the object's axis at the height to hold, base_link, metres.
        radius_m: the object's radius there.
        rpy: (3,) wrist angles.
        offset: (2,) how the object sits deeper in the hand than the web of the thumb (x), and towards the thumb (z),
            metres.
    """
    R = rotation_from_rpy(rpy)
    axis_in_wrist = np.array([-(WEB_M + radius_m) + offset[0], -(radius_m + PALM_TO_AXIS_M), offset[1]])
    T = np.eye(4)
    T[:3, :3] = R
    T[:3, 3] = point - R @ axis_in_wrist
    direction = R @ axis_in_wrist
    return Reach(T, direction / np.linalg.norm(direction), PRESHAPE)


def reach_cup(cup: Cup, T_base_cup: Array, style: Style, rng: np.random.Generator) -> tuple[Reach, float]:
    """Draw a way to wrap a standing cup; returns it with its discomfort."""
    rpy, height, offset = draw_angles(style, rng)
    outline = cup.outline
    z = height * cup.height_m
    radius = float(np.interp(z, outline[:, 0], outline[:, 1]))
    point = T_base_cup[:3, 3] + np.array([0.0, 0.0, z])
    return reach_axis(point, radius, rpy, offset), discomfort(style, rpy, height)


def discomfort(style: Style, rpy: Array, height: float) -> float:
    """How far from the comfortable middle a way of grasping is: squared standard deviations, averaged."""
    z = (np.asarray(rpy) - style.rpy_rad) / style.rpy_sigma_rad
    return float(np.mean(np.append(z, (height - style.height) / style.height_sigma) ** 2))


def reach_aimed(aim: Aim, point: Array, yaw_rad: float, rng: np.random.Generator) -> tuple[Reach, float]:
    """Draw a way to come to a point (3,) of a thing that is turned by a yaw; returns it with its discomfort."""
    z = rng.normal(size=6)
    turned, moved = z[:3] * AIM_SIGMA_RAD, z[3:] * IN_WRIST_SIGMA_M
    varied = replace(
        aim,
        heading_rad=aim.heading_rad + turned[0],
        below_rad=aim.below_rad + turned[1],
        palm_rad=aim.palm_rad + turned[2],
        in_wrist=tuple(np.array(aim.in_wrist) + moved),
    )
    return varied.reach(point, yaw_rad), float(np.mean(z**2))
