"""Scoop grape (appendix F): "The spoon must hold a grape at the end of the trial while being held by the soft hand."

Success: over the last stretch the hand holds the spoon clear of the table and its bowl above the dish's rim, and at
least one grape lies in the bowl, borne by nothing but the spoon (and other grapes in it).

Terms of the graded reward, all physical progress:

- touched: the hand touched the spoon.
- squeezed: it was squeezed from opposite sides, up to twice its weight.
- delved: how far the held spoon was pushed on along its own length while its bowl lay no more than a grape's radius
  higher than it did, up to half the bowl's length: a bowl that rises before it gets anywhere passes over the grapes. A
  loaded spoon has delved as far as it is loaded.
- loaded: how high a grape was raised in the bowl of the held spoon at best, up to the dish's rim and `lift_m` above it.
- lifted: how high the hand held the bowl at the end, up to the same.
- kept: the share of time from the first grip to the end in which the hand held the spoon.
- steady: success, by the same share.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array
from deft_sim.judge.record import SAMPLE_S, Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.cup import Cup
from deft_sim.things.grape import Grape
from deft_sim.things.spoon import Spoon
from deft_sim.things.thing import Thing

GRAVITY = 9.81
_TOUCH_N, _GRIP_N = 1e-3, 0.3
_END = round(0.3 / SAMPLE_S)


def in_bowl(spoon: Spoon, T_spoon: Array, centres: Array, radius_m: float) -> NDArray[np.bool_]:
    """Whether a grape (centres (n, 3)) lies in the bowl: over its oval, in it or on another grape in it."""
    local = np.einsum("nij,ni->nj", T_spoon[:, :3, :3], centres - T_spoon[:, :3, 3]) - spoon.bowl_centre
    oval = (2 * local[:, 0] / spoon.bowl_length_m) ** 2 + (2 * local[:, 1] / spoon.bowl_width_m) ** 2
    high = (local[:, 2] > -spoon.bowl_depth_m) & (local[:, 2] < 3 * radius_m)
    return (oval < 1.0) & high


def _advance(T_spoon: Array, bowl: Array, held: NDArray[np.bool_], rise_m: float) -> float:
    """How far (m) the bowl (n, 3) went ahead, as the spoon pointed when it was taken, until it rose by `rise_m`."""
    if not held.any():
        return 0.0
    first = int(np.argmax(held))
    ahead = T_spoon[first, :2, 0] / (np.linalg.norm(T_spoon[first, :2, 0]) + 1e-9)
    risen = np.flatnonzero((bowl[:, 2] > bowl[0, 2] + rise_m) & (np.arange(len(bowl)) > first))
    until = int(risen[0]) if len(risen) else len(bowl)  # after `first`, at which the spoon was held
    low = held & (np.arange(len(bowl)) < until)
    return float(((bowl[low, :2] - bowl[first, :2]) @ ahead).max())


def judge_scoop_grape(things: Mapping[str, Thing], trial: Trial, lift_m: float = 0.02) -> Verdict:
    """Judge scoop grape: the target is a spoon, `other1` the dish, and among the others are grapes."""
    spoon, dish = things["target"], things.get("other1")
    grapes = {name: thing for name, thing in things.items() if isinstance(thing, Grape)}
    if not isinstance(spoon, Spoon) or not isinstance(dish, Cup) or not grapes:
        raise TypeError("scooping takes a spoon as the target, a dish as the first other thing, and grapes")
    track = trial.tracks["target"]
    touched, gripped = track.hand > _TOUCH_N, track.squeeze > _GRIP_N
    start = int(np.argmax(gripped)) if gripped.any() else len(touched)
    taken = np.arange(len(touched)) >= start
    share = float(touched[start:].mean()) if start < len(touched) else 0.0
    bowl = track.T[:, :3, :3] @ spoon.bowl_centre + track.T[:, :3, 3]
    rim = dish.height_m
    borne, best = np.zeros(len(touched), dtype=bool), 0.0
    for name, grape in grapes.items():
        own = trial.tracks[name]
        centres = grape.centres(own.T)
        lies = in_bowl(spoon, track.T, centres, grape.radius_m) & (own.hand < _TOUCH_N) & (own.room < _TOUCH_N)
        borne |= lies
        rise = centres[:, 2] - centres[0, 2]
        counted = lies & taken & touched
        best = max(best, float(rise[counted].max())) if counted.any() else best
    end = slice(-_END, None)
    reach = max(grape.radius_m for grape in grapes.values())
    delved = _advance(track.T, bowl, taken & touched, reach) / (spoon.bowl_length_m / 2)
    held = touched & taken & (track.room < _TOUCH_N)
    success = bool(held[end].all() and borne[end].all() and (bowl[end, 2] > rim).all())
    window = max(1, round(0.5 / SAMPLE_S))
    squeeze = float(np.sort(track.squeeze)[-window:].min())
    height = bowl[-1, 2] - bowl[0, 2] if held[-1] else 0.0
    loaded = float(np.clip(best / (rim + lift_m), 0.0, 1.0))
    terms = {
        "touched": float(touched.any()),
        "squeezed": float(np.clip(squeeze / (2 * spoon.mass_kg * GRAVITY), 0.0, 1.0)),
        "delved": max(float(np.clip(delved, 0.0, 1.0)), loaded),
        "loaded": loaded,
        "lifted": float(np.clip(height / (rim + lift_m), 0.0, 1.0)),
        "kept": share,
        "steady": share if success else 0.0,
    }
    weights = {
        "touched": 0.05,
        "squeezed": 0.10,
        "delved": 0.15,
        "loaded": 0.20,
        "lifted": 0.10,
        "kept": 0.10,
        "steady": 0.30,
    }
    return Verdict(success, terms, weights)
