"""How a thing was held through a trial: the part of judging that most tasks share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array
from deft_sim.judge.record import SAMPLE_S, ThingTrack

# A thing counts as off the table once its lowest point is this high and nothing but the hand bears it.
CLEAR_M = 0.01
# "Grasped throughout": contact in more than this share of samples. A soft grip may lose touch for an instant.
HELD_SHARE = 0.97
# The grip at the end is read off the last stretch.
_END_S = 0.3
_TOUCH_N = 1e-3


@dataclass(frozen=True, eq=False)
class Holding:
    """How one thing was held.

    Attributes:
        lift: index of the first sample at which the hand had it off the table; the trial's length if never.
        clear_m: (n,) height of its lowest point above where it stood at the start.
        held: (n,) bool: in the hand, and borne by nothing else.
        share: share of samples since the lift in which it was held.
        kept: held in more than `HELD_SHARE` of them, never set down in between, and held at the end.
        squeezed: best squeeze in units of the thing's weight, before or after the lift.
        slip_m, turn_rad: how far it moved in the hand from just after the lift to the end.
    """

    lift: int
    clear_m: Array
    held: NDArray[np.bool_]
    share: float
    kept: bool
    squeezed: float
    slip_m: float
    turn_rad: float

    @property
    def lifted(self) -> bool:
        """Whether the hand ever had it off the table."""
        return self.lift < len(self.held)

    @property
    def steadiness(self) -> float:
        """1 for a grip that did not give, 0 from 8 cm of slip or a quarter turn."""
        return float(np.clip(1.0 - max(self.slip_m / 0.08, self.turn_rad / (np.pi / 2)), 0.0, 1.0))


def holding(track: ThingTrack, lowest_m: Array, weight_n: float) -> Holding:
    """Judge the hold on a thing.

    Args:
        track: the thing's.
        lowest_m: (n,) height of its lowest point, metres.
        weight_n: its weight, newtons.
    """
    clear = lowest_m - lowest_m[0]
    touched = track.hand > _TOUCH_N
    held = touched & (track.room <= _TOUCH_N) & (track.things <= _TOUCH_N)
    off = held & (clear > CLEAR_M)
    n = len(held)
    lift = int(np.argmax(off)) if off.any() else n
    share, kept, slip, turn = 0.0, False, np.inf, np.inf
    if lift < n:
        since = slice(lift, n)
        share = float(held[since].mean())
        end = held[-max(1, round(_END_S / SAMPLE_S)) :]
        set_down = bool((track.room[since] > _TOUCH_N).any())
        kept = share > HELD_SHARE and bool(end.all()) and not set_down and bool(clear[-1] > CLEAR_M)
        start = min(lift + round(0.1 / SAMPLE_S), n - 1)
        M = np.linalg.inv(track.T_wrist[start]) @ track.T_wrist[-1]
        slip = float(np.linalg.norm(M[:3, 3]))
        turn = float(np.arccos(np.clip((np.trace(M[:3, :3]) - 1) / 2, -1, 1)))
    # The squeeze must last: the median of the best half second.
    window = max(1, round(0.5 / SAMPLE_S))
    squeeze = 0.0
    if n >= window:
        running = np.lib.stride_tricks.sliding_window_view(track.squeeze, window)
        squeeze = float(np.median(running, axis=1).max())
    return Holding(lift, clear, held, share, kept, squeeze / weight_n, slip, turn)
