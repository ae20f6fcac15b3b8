"""Stir spoon (appendix F): "The spoon base must rotate around the jar/pot at least 180 degrees while grasped."

The base is the bowl's middle; it counts while it is inside the pot and the spoon is in the hand.

Terms of the graded reward, all physical progress:

- touched: the hand touched the spoon.
- squeezed: it was squeezed from opposite sides, up to twice its weight.
- swept: how far the bowl was led around the pot's axis one way, net, up to the criterion's angle.
- kept: the share of time from the first grip to the end in which the hand held it.
- steady: success, by the same share.
"""

from collections.abc import Mapping

import numpy as np

from deft_core.geometry import Array
from deft_sim.judge.holding import HELD_SHARE
from deft_sim.judge.record import SAMPLE_S, Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.cup import Cup
from deft_sim.things.spoon import Spoon
from deft_sim.things.thing import Thing

GRAVITY = 9.81
_TOUCH_N = 1e-3


def sweep(bowl: Array, counted: Array) -> float:
    """Net angle (rad) that points (n, 3), relative to the pot's axis, went around it, in the samples that count."""
    angle = np.unwrap(np.arctan2(bowl[:, 1], bowl[:, 0]))
    steps = np.diff(angle, prepend=angle[0])
    # A bowl that passes over the axis turns by half a turn at once: that is no sweep.
    steps[np.hypot(bowl[:, 0], bowl[:, 1]) < 0.008] = 0.0
    return float(np.abs(np.cumsum(np.where(counted, steps, 0.0))).max())


def judge_stir_spoon(things: Mapping[str, Thing], trial: Trial, angle_deg: float = 180.0) -> Verdict:
    """Judge stir spoon: the target is a spoon, `other1` the pot."""
    spoon, pot = things["target"], things.get("other1")
    if not isinstance(spoon, Spoon) or not isinstance(pot, Cup):
        raise TypeError("stirring takes a spoon as the target and a cup-like pot as the first other thing")
    track, pot_track = trial.tracks["target"], trial.tracks["other1"]
    bowl = track.T[:, :3, :3] @ (spoon.bowl_centre - [0, 0, spoon.bowl_depth_m]) + track.T[:, :3, 3]
    in_pot = np.einsum("nij,ni->nj", pot_track.T[:, :3, :3], bowl - pot_track.T[:, :3, 3])
    radius = np.interp(in_pot[:, 2], pot.outline[:, 0], pot.outline[:, 1])
    inside = (in_pot[:, 2] < pot.height_m) & (np.hypot(in_pot[:, 0], in_pot[:, 1]) < radius)
    upright = bool((pot_track.T[:, 2, 2] > 0.9).all())
    touched = track.hand > _TOUCH_N
    gripped = track.squeeze > 0.3
    start = int(np.argmax(gripped)) if gripped.any() else len(touched)
    share = float(touched[start:].mean()) if start < len(touched) else 0.0
    swept = sweep(in_pot, touched & inside & (np.arange(len(touched)) >= start)) if start < len(touched) else 0.0
    success = bool(swept >= np.radians(angle_deg)) and share > HELD_SHARE and upright
    window = max(1, round(0.5 / SAMPLE_S))
    best_squeeze = float(np.sort(track.squeeze)[-window:].min())
    terms = {
        "touched": float(touched.any()),
        "squeezed": float(np.clip(best_squeeze / (2 * spoon.mass_kg * GRAVITY), 0.0, 1.0)),
        "swept": float(np.clip(swept / np.radians(angle_deg), 0.0, 1.0)),
        "kept": share,
        "steady": share if success else 0.0,
    }
    weights = {"touched": 0.05, "squeezed": 0.10, "swept": 0.40, "kept": 0.15, "steady": 0.30}
    return Verdict(success, terms, weights)
