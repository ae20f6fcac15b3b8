"""Pick spoon (appendix F): "The spoon must not be in contact with the table at the end of the trial."

A spoon that flies or leans is not in contact with the table either: success asks that the hand holds it there.

Terms of the graded reward, all physical progress:

- touched: the hand touched the spoon.
- squeezed: it was squeezed from opposite sides, up to twice its weight.
- lifted: how far the hand took its lowest point off the table, up to `lift_m`.
- kept: the share of time it stayed in the hand after leaving the table, and still is.
- steady: success, as far as the spoon did not shift in the hand.
"""

from collections.abc import Mapping

import numpy as np

from deft_sim.judge.holding import CLEAR_M, holding
from deft_sim.judge.record import Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.spoon import Spoon, lowest_points
from deft_sim.things.thing import Thing

GRAVITY = 9.81


def judge_pick_spoon(things: Mapping[str, Thing], trial: Trial, lift_m: float = 0.08) -> Verdict:
    """Judge pick spoon."""
    spoon, track = things["target"], trial.tracks["target"]
    if not isinstance(spoon, Spoon):
        raise TypeError(f"the target is a {type(spoon).__name__}, not a spoon")
    hold = holding(track, lowest_points(spoon, track.T), spoon.mass_kg * GRAVITY)
    best = float(hold.clear_m[hold.held].max()) if hold.held.any() else 0.0
    end = slice(-15, None)
    success = bool(hold.held[end].all() and (hold.clear_m[end] > CLEAR_M).all())
    terms = {
        "touched": float((track.hand > 1e-3).any()),
        "squeezed": float(np.clip(hold.squeezed / 2.0, 0.0, 1.0)),
        "lifted": float(np.clip(best / lift_m, 0.0, 1.0)),
        "kept": hold.share * (0.5 + 0.5 * float(hold.held[-1])) if hold.lifted else 0.0,
        "steady": hold.steadiness if success else 0.0,
    }
    weights = {"touched": 0.05, "squeezed": 0.15, "lifted": 0.25, "kept": 0.25, "steady": 0.30}
    return Verdict(success, terms, weights)
