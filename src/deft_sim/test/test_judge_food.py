"""The judges of grapes, bagel and lemon, on trials made up by hand: what counts as success, and which tricks do not."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, transform
from deft_sim.judge.bagel import judge_flip_bagel
from deft_sim.judge.grapes import judge_pick_grape
from deft_sim.judge.lemon import judge_squeeze_lemon
from deft_sim.judge.record import SAMPLE_S, ThingTrack, Trial
from deft_sim.judge.verdict import Verdict
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.juicer import Juicer
from deft_sim.things.lemon import Lemon

BUNCH = Bunch(
    berry_radius_m=0.011, whorls=[3, 4, 2], spacing_m=0.019, stem_n=(2.0, 3.0), friction=0.6, color=(0.4, 0.1, 0.2)
)
LEMON = Lemon(
    radius_m=0.03, height_m=0.042, mouth_m=0.017, stands_at_m=0.029, mass_kg=0.07, friction=0.6, color=(0.9, 0.8, 0.2)
)
JUICER = Juicer(radius_m=0.06, rim_m=0.024, floor_m=0.014, reamer_m=0.052, mass_kg=0.4, color=(0.8, 0.8, 0.8))
BAGEL = Bagel(ring_m=0.034, thick_m=0.016, mass_kg=0.09, friction=0.6, crust=(0.7, 0.4, 0.2), base=(0.9, 0.8, 0.6))
N = 300
K = np.arange(N)
RISE = np.clip((K - 100) / 100, 0, 1)
ON_TABLE = np.where(K < 101, 1.0, 0.0)
GRIP = np.where(K > 60, 6.0, 0.0)
ZERO = np.zeros(N)


def track(height: Array, tilt: Array = ZERO, hand: Array = GRIP, room: Array = ON_TABLE, **more: Array) -> ThingTrack:
    """A track from a thing's height (m), tilt (rad) and forces (N) at each of N samples; the wrist holds it fast."""
    turns = Rotation.from_euler("x", tilt[:, None]).as_matrix()
    T = np.array([transform(R, [0.55, 0, h]) for R, h in zip(turns, height, strict=True)])
    fields = {
        "T": T,
        "T_wrist": np.tile(np.eye(4), (N, 1, 1)),
        "room": room,
        "hand": hand,
        "fingers": hand / 2,
        "thumb": hand / 2,
        "palm": ZERO,
        "things": ZERO,
        "squeeze": hand / 2,
        "joint": ZERO,
        "state": np.zeros((N, 0)),
    }
    return ThingTrack(**(fields | more))


# -- pick grape --------------------------------------------------------------------------------------------------------


def grapes(lowest: Array, **more: Array) -> Verdict:
    state = np.column_stack([lowest, np.ones((N, BUNCH.count))])
    trial = Trial(K * SAMPLE_S, {"target": track(0.15 * RISE, state=state, **more)})
    return judge_pick_grape({"target": BUNCH}, trial)


ALL_UP = np.repeat(0.15 * RISE[:, None], BUNCH.count, axis=1)


def test_all_grapes_in_the_air_is_a_pick() -> None:
    verdict = grapes(ALL_UP)
    assert verdict.success
    assert verdict.reward > 0.95


def test_one_grape_left_behind_fails() -> None:
    lowest = ALL_UP.copy()
    lowest[:, 3] = 0.0
    verdict = grapes(lowest, room=np.full(N, 0.05))
    assert not verdict.success
    assert verdict.reward < grapes(ALL_UP).reward - 0.3


def test_a_grape_that_falls_on_the_way_fails() -> None:
    lowest = ALL_UP.copy()
    lowest[220:, 3] = np.maximum(0.0, lowest[220:, 3] - 0.01 * np.arange(80))
    assert not grapes(lowest, room=np.where((K < 101) | (K > 240), 1.0, 0.0)).success


def test_grapes_set_down_again_fail() -> None:
    lowest = ALL_UP * (K < 250)[:, None]
    assert not grapes(lowest, room=np.where((K < 101) | (K >= 250), 1.0, 0.0)).success


def test_grapes_that_nobody_touches_earn_nothing() -> None:
    assert grapes(0 * ALL_UP, hand=ZERO, room=np.ones(N)).reward == 0.0


# -- flip bagel --------------------------------------------------------------------------------------------------------


def bagel(height: Array, tilt: Array, **more: Array) -> Verdict:
    trial = Trial(K * SAMPLE_S, {"target": track(height, tilt, **more)})
    return judge_flip_bagel({"target": BAGEL}, trial)


TURN = np.pi * np.clip((K - 180) / 60, 0, 1)


def test_a_bagel_turned_in_the_hand_is_flipped() -> None:
    verdict = bagel(0.15 * RISE, TURN)
    assert verdict.success
    assert verdict.reward > 0.95


def test_a_bagel_stood_on_its_edge_is_not_flipped() -> None:
    assert not bagel(0.15 * RISE, TURN / 2).success


def test_a_bagel_flipped_and_flipped_back_is_not_flipped() -> None:
    there_and_back = np.pi * np.clip(1 - np.abs(K - 220) / 40, 0, 1)
    assert not bagel(0.15 * RISE, there_and_back).success


def test_a_bagel_knocked_off_the_table_is_not_flipped() -> None:
    falling = np.where(K < 200, 0.1 * RISE, -0.5)
    assert not bagel(falling, TURN).success


def test_turning_it_further_earns_more() -> None:
    rewards = [bagel(0.15 * RISE, share * TURN).reward for share in np.linspace(0, 1, 9)]
    assert np.all(np.diff(rewards) > 0)


# -- squeeze lemon -----------------------------------------------------------------------------------------------------

PRESS = np.where((K > 150) & (K < 280), 9.0, 0.7)


def lemon(offset_m: float = 0.0, juicer_tilt: float = 0.0, **more: Array) -> Verdict:
    on = track(np.full(N, LEMON.stands_at_m), room=ZERO, **({"things": PRESS} | more))
    if offset_m:
        T = on.T.copy()
        T[:, 0, 3] += offset_m
        on = replace(on, T=T)
    base = track(ZERO, np.full(N, juicer_tilt), hand=ZERO, room=np.full(N, 4.0))
    return judge_squeeze_lemon({"target": LEMON, "other1": JUICER}, Trial(K * SAMPLE_S, {"target": on, "other1": base}))


def test_a_lemon_held_and_pressed_on_the_juicer_is_squeezed() -> None:
    verdict = lemon()
    assert verdict.success
    assert verdict.reward > 0.9


def test_leaning_on_it_with_a_flat_hand_is_no_grasp() -> None:
    assert not lemon(squeeze=ZERO).success


def test_fingers_that_wedge_it_without_the_thumb_are_no_grasp() -> None:
    verdict = lemon(fingers=GRIP, thumb=ZERO)
    assert not verdict.success
    assert verdict.terms["squeezed"] == 0.0


def test_a_grasp_without_pressure_does_not_squeeze() -> None:
    assert not lemon(things=np.full(N, 0.7)).success


def test_a_lemon_beside_the_reamer_is_not_on_top() -> None:
    assert not lemon(offset_m=0.02).success


def test_a_juicer_turned_over_is_no_success() -> None:
    assert not lemon(juicer_tilt=0.5).success


def test_a_lemon_that_turns_in_the_hand_is_not_held_securely() -> None:
    turned = np.array([transform(R) for R in Rotation.from_euler("z", 0.8 * RISE[:, None]).as_matrix()])
    verdict = lemon(T_wrist=turned)
    assert not verdict.success
    assert verdict.reward < lemon().reward - 0.2


def test_a_lemon_carried_off_is_not_on_top() -> None:
    assert not lemon(things=np.where(K < 280, PRESS, 0.0)).success


def test_pressing_harder_earns_more_until_it_is_enough() -> None:
    rewards = [lemon(things=0.7 + share * (PRESS - 0.7)).reward for share in np.linspace(0, 1, 9)]
    assert np.all(np.diff(rewards) >= 0)
    assert rewards[-1] > rewards[0]


def test_success_is_a_plain_bool_whatever_a_judge_reckons_with() -> None:
    """NumPy's bool is refused by the record's schema and by ROS messages: no try on the lemon could be kept."""
    terms, weights = {"a": 1.0}, {"a": 1.0}
    for success in (np.bool_(True), np.bool_(False)):
        assert type(Verdict(success, terms, weights).success) is bool
    assert type(lemon(hand=ZERO).success) is bool
