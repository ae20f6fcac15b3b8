"""The way from one posture to another: straight in joint space, over a duration in robot time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_driver.faults import RefusedFault

# Share of the motors' top speed that a motion asks for at most; the rest is for catching up.
_SPEED_SHARE = 0.8
_LONGEST_S = 60.0


@dataclass(frozen=True, eq=False)
class ShapeMotion:
    """Postures (16,) rad over robot time."""

    start: Array
    goal: Array
    duration_s: float

    def at(self, t: float) -> Array:
        """Posture after t robot seconds."""
        return self.start + min(1.0, t / self.duration_s) * (self.goal - self.start)


def plan_shape(hand: HandModel, start: Array, joints: ArrayLike, duration_s: float, default_s: float) -> ShapeMotion:
    """Plan from a posture to a goal, never faster than the motors turn.

    Args:
        hand: joint limits and motor speed.
        start: (16,) rad, where the last command left the hand.
        joints: (16,) rad, the goal.
        duration_s: robot seconds to take; 0 for the default.
        default_s: the hand's default, robot seconds.

    Raises:
        RefusedFault: wrong length, not a number, outside the limits, or no duration one could wait for.
    """
    goal = np.asarray(joints, dtype=float)
    if goal.shape != (16,) or not np.isfinite(goal).all():
        raise RefusedFault(f"a posture is 16 finite joint angles, got {np.round(goal, 3).tolist()}")
    if not (np.isfinite(duration_s) and 0.0 <= duration_s <= _LONGEST_S):
        raise RefusedFault(f"duration_s = {duration_s}: expected 0 (the default) to {_LONGEST_S:.0f} robot seconds")
    outside = (goal < hand.lower - 1e-6) | (goal > hand.upper + 1e-6)
    if outside.any():
        j = int(np.argmax(outside))
        raise RefusedFault(f"joint {j + 1} at {goal[j]:.3f} rad is outside [{hand.lower[j]:.3f}, {hand.upper[j]:.3f}]")
    fastest = _SPEED_SHARE * hand.motors.max_speed_radps
    least = float(np.abs(goal - start).max()) / fastest
    return ShapeMotion(start.copy(), goal, max(duration_s or default_s, least, 1e-3))
