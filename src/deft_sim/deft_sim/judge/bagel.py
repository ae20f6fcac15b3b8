"""Flip bagel (appendix F).

"The side of the bagel that is facing up at the end of the trial should be opposite the side facing up at the
beginning."

Success: at the end the other side faces up (its axis within 60 degrees of straight down), the bagel is at rest, on the
table or in the hand, and the hand had lifted it. As in the appendix it may have turned over on its way back to the
table: `turned` is of what the hand did, and counts in the reward only.

Terms of the graded reward, all physical progress:

- touched: the hand touched the bagel.
- squeezed: it was squeezed from opposite sides, as strongly as its weight.
- lifted: how far the hand took it off the table, up to `lift_m`.
- turned: how far it was turned over at best while the hand touched it, after it had been lifted.
- flipped: how far over it is at the end.
- calm: success, as far as it lies still.
"""

from collections.abc import Mapping

import numpy as np

from deft_sim.judge.holding import holding
from deft_sim.judge.record import SAMPLE_S, Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.bagel import Bagel
from deft_sim.things.thing import Thing

GRAVITY = 9.81
# Straight down within 60 degrees: a bagel that leans on something shows the side that it shows more of.
FLIPPED = -0.5
REST_MPS = 0.05
_END = round(0.3 / SAMPLE_S)


def judge_flip_bagel(things: Mapping[str, Thing], trial: Trial, lift_m: float = 0.06) -> Verdict:
    """Judge flip bagel."""
    bagel, track = things["target"], trial.tracks["target"]
    if not isinstance(bagel, Bagel):
        raise TypeError(f"the target is a {type(bagel).__name__}, not a bagel")
    hold = holding(track, bagel.lowest_points(track.T), bagel.mass_kg * GRAVITY)
    up = track.T[:, 2, 2] * np.sign(track.T[0, 2, 2])
    touched = track.hand > 1e-3
    carried = touched & (np.arange(len(up)) >= hold.lift)
    middle = track.T[:, :3, 3] + bagel.thick_m * track.T[:, :3, 2]
    speed = float(np.linalg.norm(middle[-1] - middle[-_END]) / (SAMPLE_S * (_END - 1)))
    lost = bool(hold.clear_m[-1] < -0.02)  # over the table's edge
    success = hold.lifted and float(up[-_END:].max()) < FLIPPED and speed < REST_MPS and not lost
    best = float(hold.clear_m[hold.held].max()) if hold.held.any() else 0.0
    turned = float(np.clip((1.0 - up[carried].min()) / 2, 0.0, 1.0)) if carried.any() else 0.0
    terms = {
        "touched": float(touched.any()),
        "squeezed": float(np.clip(hold.squeezed, 0.0, 1.0)),
        "lifted": float(np.clip(best / lift_m, 0.0, 1.0)),
        "turned": turned,
        "flipped": float(np.clip((1.0 - up[-1]) / 2, 0.0, 1.0)) if hold.lifted and not lost else 0.0,
        "calm": float(np.clip(1.0 - speed / REST_MPS, 0.0, 1.0)) if success else 0.0,
    }
    weights = {"touched": 0.05, "squeezed": 0.10, "lifted": 0.20, "turned": 0.20, "flipped": 0.20, "calm": 0.25}
    return Verdict(success, terms, weights)
