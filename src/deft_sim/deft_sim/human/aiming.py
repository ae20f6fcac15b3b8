"""How a hand is turned and where it goes: words to say what a demonstrator means, in terms of thing and table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deft_core.geometry import Array, rot_z, transform
from deft_sim.human.grasping import PRESHAPE, Reach
from deft_sim.human.hand_model import HINGES


def wrist_axes(heading_rad: float, below_rad: float, palm_rad: float) -> Array:
    """R_base_wrist (3, 3) of a right hand.

    Args:
        heading_rad: where the fingers point, from +x towards +y.
        below_rad: how far they point below the horizon.
        palm_rad: 0 palm down, a quarter turn for palm to the left, thumb up.
    """
    c, s = np.cos(below_rad), np.sin(below_rad)
    fingers, up = np.array([c, 0.0, -s]), np.array([s, 0.0, c])
    back = np.cos(palm_rad) * up + np.sin(palm_rad) * np.array([0.0, -1.0, 0.0])
    return rot_z(heading_rad) @ np.column_stack([-fingers, back, np.cross(-fingers, back)])


def reach_point(point: Array, R: Array, in_wrist: Array, open_angles: Array = PRESHAPE) -> Reach:
    """Plan to bring a place of the hand (3,) in the wrist frame to a point (3,) in base_link."""
    direction = R @ in_wrist
    return Reach(transform(R, point - direction), direction / np.linalg.norm(direction), open_angles)


def shape(**angles: float) -> Array:
    """The preshape with some hinges changed."""
    names = [hinge.name for hinge in HINGES]
    out = PRESHAPE.copy()
    for name, value in angles.items():
        out[names.index(name)] = value
    return out


@dataclass(frozen=True)
class Aim:
    """A way to come to a thing that lies or stands with its x axis ahead.

    Attributes:
        heading_rad, below_rad, palm_rad: see `wrist_axes`; the heading is relative to the thing's.
        in_wrist: place of the hand (wrist frame, metres) that goes to the thing's place to be held.
        knuckles_rad, curl_rad: how far the fingers are bent on the way, at the knuckles and beyond; without them they
            are as for a cup.
    """

    heading_rad: float
    below_rad: float
    palm_rad: float
    in_wrist: tuple[float, float, float]
    knuckles_rad: float | None = None
    curl_rad: float = 0.25

    def reach(self, point: Array, yaw_rad: float) -> Reach:
        """Plan to come to a point (3,) of a thing that is turned by a yaw."""
        R = wrist_axes(yaw_rad + self.heading_rad, self.below_rad, self.palm_rad)
        if self.knuckles_rad is None:
            return reach_point(point, R, np.array(self.in_wrist))
        fingers = ("index", "middle", "ring", "pinky")
        bends = {f"{finger}0_bend": self.knuckles_rad for finger in fingers}
        bends |= {f"{finger}1_bend": self.curl_rad for finger in fingers}
        bends |= {f"{finger}2_bend": 0.5 * self.curl_rad for finger in fingers}
        return reach_point(point, R, np.array(self.in_wrist), shape(**bends))
