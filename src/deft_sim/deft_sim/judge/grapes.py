"""Pick grape (appendix F).

"All grapes must be held by the hand above the table surface. In particular, if any single grape falls due to a weak
stem, this is considered a failure."

Success: at the end every grape, on its stem or off it, is at least 1 cm above where it lay, nothing of the bunch
touches anything but the hand, and none did since it was lifted.

Terms of the graded reward, all physical progress:

- touched: the hand touched the bunch.
- squeezed: it was squeezed from opposite sides, as strongly as its weight.
- lifted: how far the hand took it off the table, up to `lift_m`, averaged over the grapes.
- kept: the share of time it stayed in the hand after leaving the table, and still is.
- whole: the share of grapes that hang in the air at the end, once lifted; a lost grape counts twice.
- steady: success, as far as the bunch did not shift in the hand.
"""

from collections.abc import Mapping

import numpy as np

from deft_sim.judge.holding import CLEAR_M, holding
from deft_sim.judge.record import Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.bunch import Bunch
from deft_sim.things.thing import Thing

GRAVITY = 9.81


def judge_pick_grape(things: Mapping[str, Thing], trial: Trial, lift_m: float = 0.10) -> Verdict:
    """Judge pick grape."""
    bunch, track = things["target"], trial.tracks["target"]
    if not isinstance(bunch, Bunch):
        raise TypeError(f"the target is a {type(bunch).__name__}, not a bunch of grapes")
    lowest = track.state[:, : bunch.count]
    hold = holding(track, lowest.min(axis=1), bunch.mass_kg * GRAVITY)
    rise = lowest - lowest[0]
    in_hand = track.hand > 1e-3
    best = float(np.clip(rise[in_hand] / lift_m, 0.0, 1.0).mean(axis=1).max()) if in_hand.any() else 0.0
    up = float((rise[-1] > CLEAR_M).mean()) if in_hand[-1] else 0.0
    success = hold.lifted and hold.kept and up == 1.0
    terms = {
        "touched": float(in_hand.any()),
        "squeezed": float(np.clip(hold.squeezed, 0.0, 1.0)),
        "lifted": best,
        "kept": hold.share * (0.5 + 0.5 * float(hold.held[-1])) if hold.lifted else 0.0,
        "whole": max(0.0, 2.0 * up - 1.0),
        "steady": hold.steadiness if success else 0.0,
    }
    weights = {"touched": 0.05, "squeezed": 0.10, "lifted": 0.20, "kept": 0.20, "whole": 0.20, "steady": 0.25}
    return Verdict(success, terms, weights)
