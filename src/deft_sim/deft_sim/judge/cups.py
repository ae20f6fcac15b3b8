"""Pick cup and pour cup (appendix F).

Pick: "Cup must leave table surface and stay grasped throughout trial."
Pour: "Cup must be grasped throughout trial and also rotate so that the top of the cup is at a lower height than the
base."

Terms of the graded reward, all physical progress:

- touched: the hand touched the cup.
- squeezed: it was squeezed from opposite sides, as strongly as its weight.
- lifted: how far the hand took it off the table, up to `lift_m`.
- tipped (pour): how far its rim sank towards the height of its base, while held off the table.
- kept: the share of time it stayed in the hand after leaving the table, and still is.
- steady: success, as far as the cup did not shift in the hand.
"""

from collections.abc import Mapping

import numpy as np

from deft_core.geometry import Array
from deft_sim.judge.holding import Holding, holding
from deft_sim.judge.record import ThingTrack, Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.cup import Cup
from deft_sim.things.thing import Thing

GRAVITY = 9.81


def lowest_points(cup: Cup, T: Array) -> Array:
    """Height (n,) of a cup's lowest point, over the rings of its outline, at poses (n, 4, 4)."""
    up = T[:, :3, 2]  # the cup's axis
    sine = np.sqrt(np.clip(1.0 - up[:, 2] ** 2, 0.0, 1.0))
    rings = [T[:, 2, 3] + z * up[:, 2] - r * sine for z, r in cup.outline]
    return np.min(rings, axis=0)


def _common(cup: Cup, track: ThingTrack, lift_m: float) -> tuple[Holding, dict[str, float]]:
    hold = holding(track, lowest_points(cup, track.T), cup.mass_kg * GRAVITY)
    best = float(hold.clear_m[hold.held].max()) if hold.held.any() else 0.0
    at_end = float(hold.held[-1]) if hold.lifted else 0.0
    terms = {
        "touched": float((track.hand > 1e-3).any()),
        "squeezed": float(np.clip(hold.squeezed, 0.0, 1.0)),
        "lifted": float(np.clip(best / lift_m, 0.0, 1.0)),
        "kept": hold.share * (0.5 + 0.5 * at_end),
    }
    return hold, terms


def _target(things: Mapping[str, Thing]) -> Cup:
    cup = things["target"]
    if not isinstance(cup, Cup):
        raise TypeError(f"the target is a {type(cup).__name__}, not a cup")
    return cup


def judge_pick(things: Mapping[str, Thing], trial: Trial, lift_m: float = 0.10) -> Verdict:
    """Judge pick cup."""
    hold, terms = _common(_target(things), trial.tracks["target"], lift_m)
    success = hold.lifted and hold.kept
    terms["steady"] = hold.steadiness if success else 0.0
    weights = {"touched": 0.05, "squeezed": 0.15, "lifted": 0.25, "kept": 0.25, "steady": 0.30}
    return Verdict(success, terms, weights)


def judge_pour(things: Mapping[str, Thing], trial: Trial, lift_m: float = 0.10) -> Verdict:
    """Judge pour cup."""
    track = trial.tracks["target"]
    hold, terms = _common(_target(things), track, lift_m)
    # Height of the rim's centre over the base's centre, in units of the cup's height: 1 upright, below 0 poured.
    upright = track.T[:, 2, 2]
    off = hold.held & (hold.clear_m > 0.0) & (np.arange(len(upright)) >= hold.lift)
    lowest = float(upright[off].min()) if off.any() else 1.0
    terms["tipped"] = float(np.clip(1.0 - lowest, 0.0, 1.0))
    success = hold.lifted and hold.kept and lowest < 0.0
    terms["steady"] = hold.steadiness if success else 0.0
    weights = {"touched": 0.05, "squeezed": 0.10, "lifted": 0.15, "kept": 0.20, "tipped": 0.25, "steady": 0.25}
    return Verdict(success, terms, weights)
