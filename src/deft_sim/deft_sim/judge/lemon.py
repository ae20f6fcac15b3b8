"""Squeeze lemon (appendix F).

"The lemon should be grasped securely on top of the juicer."

On top: at the end the cut face sits over the reamer, upright, pulp on the reamer, the juicer still standing. Grasped:
thumb and fingers squeeze it from opposite sides at the end and did since they first took hold (fingers that wedge it
among themselves are no grasp). Securely: pressed down onto the reamer by `press_n` beyond its weight for half a second,
it did not give way in the hand.

Terms of the graded reward, all physical progress:

- touched: the hand touched the lemon.
- squeezed: it was squeezed from opposite sides, the thumb's being one of them, up to `grip_n`.
- on_top: how well it sits on the reamer at the end (off by 2 cm or tilted by 45 degrees counts nothing), while touched.
- pressed: how hard the hand pressed it down onto the reamer, up to `press_n`, while squeezing it.
- held: the share of time since it was first squeezed in which it stayed squeezed, and still is.
- secure: success, as far as the lemon did not shift in the hand.
"""

from collections.abc import Mapping

import numpy as np

from deft_core.geometry import Array, tilt
from deft_sim.judge.record import SAMPLE_S, ThingTrack, Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.juicer import Juicer
from deft_sim.things.lemon import Lemon
from deft_sim.things.thing import Thing

GRAVITY = 9.81
OFF_M, TILT_RAD = 0.010, np.radians(25)
SLIP_M, TURN_RAD = 0.015, np.radians(35)
THUMB_N = 0.3  # less than this is a thumb that lies against it
_WINDOW = round(0.5 / SAMPLE_S)
_END = round(0.3 / SAMPLE_S)


def _lasting(values: Array) -> float:
    """The best level that was kept up through half a second."""
    if len(values) < _WINDOW:
        return 0.0
    return float(np.lib.stride_tricks.sliding_window_view(values, _WINDOW).min(axis=1).max())


def _seat(juicer: ThingTrack, lemon: ThingTrack) -> tuple[float, float, float]:
    """At the end: the cut face off the reamer's axis (m), its tilt against it, the juicer's own tilt (rad)."""
    J, L = juicer.T[-1], lemon.T[-1]
    offset = J[:3, :3].T @ (L[:3, 3] - J[:3, 3])
    return float(np.hypot(*offset[:2])), tilt(J, L), tilt(np.eye(4), J)


def _shift(track: ThingTrack, start: int) -> tuple[float, float]:
    """How far the lemon moved in the hand since a sample: metres, radians."""
    M = np.linalg.inv(track.T_wrist[start]) @ track.T_wrist[-1]
    return float(np.linalg.norm(M[:3, 3])), float(np.arccos(np.clip((np.trace(M[:3, :3]) - 1) / 2, -1, 1)))


def judge_squeeze_lemon(
    things: Mapping[str, Thing], trial: Trial, press_n: float = 4.0, grip_n: float = 2.0
) -> Verdict:
    """Judge squeeze lemon."""
    lemon = things["target"]
    names = [name for name, thing in things.items() if isinstance(thing, Juicer)]
    if not isinstance(lemon, Lemon) or len(names) != 1:
        raise TypeError("squeeze_lemon needs a lemon as target and one juicer among the others")
    track, juicer = trial.tracks["target"], trial.tracks[names[0]]
    weight = lemon.mass_kg * GRAVITY
    squeeze = np.where(track.thumb > THUMB_N, track.squeeze, 0.0)
    gripped = squeeze > 0.5 * grip_n
    taken = int(np.argmax(gripped)) if gripped.any() else len(gripped)
    share, slip, turn = 0.0, np.inf, np.inf
    if taken < len(gripped):
        share = float(gripped[taken:].mean())
        # The hold counts from when the fingers have closed: half a second after the first squeeze.
        slip, turn = _shift(track, min(taken + _WINDOW, len(gripped) - 1))
    off, tilt, fallen = _seat(juicer, track)
    seated = bool((track.things[-_END:] > 1e-3).all()) and bool((track.room[-_END:] < 1e-3).all())
    pressed = _lasting(np.where(gripped, track.things - weight, 0.0))
    in_hand = bool(gripped[-_END:].all())
    on_top = seated and off < OFF_M and tilt < TILT_RAD and fallen < np.radians(5)
    secure = in_hand and share > 0.9 and pressed >= press_n and slip < SLIP_M and turn < TURN_RAD
    success = on_top and secure
    sits = float(np.clip(1.0 - max(off / 0.02, tilt / np.radians(45)), 0.0, 1.0)) if seated else 0.0
    terms = {
        "touched": float((track.hand > 1e-3).any()),
        "squeezed": float(np.clip(_lasting(squeeze) / grip_n, 0.0, 1.0)),
        "on_top": sits * float((track.hand[-_END:] > 1e-3).all()),
        "pressed": float(np.clip(pressed / press_n, 0.0, 1.0)),
        "held": share * (0.5 + 0.5 * float(in_hand)),
        "secure": float(np.clip(1.0 - max(slip / SLIP_M, turn / TURN_RAD), 0.0, 1.0)) if success else 0.0,
    }
    weights = {"touched": 0.05, "squeezed": 0.15, "on_top": 0.15, "pressed": 0.20, "held": 0.20, "secure": 0.25}
    return Verdict(success, terms, weights)
