"""The judge of cups, on trials made up by hand: what counts as success, and what a reward is made of."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, transform
from deft_sim.judge.cups import judge_pick, judge_pour, lowest_points
from deft_sim.judge.record import SAMPLE_S, ThingTrack, Trial
from deft_sim.things.cup import Cup

CUP = Cup(
    height_m=0.1,
    profile=[(0.0, 0.03), (1.0, 0.04)],
    mass_kg=0.2,
    friction=0.5,
    color=(0.8, 0.2, 0.2),
    accent=(1, 1, 1),
    pattern="label",
)
N = 300


def story(height: Array, tilt: Array, hand: Array, room: Array) -> Trial:
    """A trial from the cup's height (m), tilt (rad), and forces of hand and room (N) at each of N samples."""
    T = np.array(
        [transform(Rotation.from_euler("x", a).as_matrix(), [0.55, 0, h]) for h, a in zip(height, tilt, strict=True)]
    )
    zero = np.zeros(N)
    track = ThingTrack(
        T=T,
        T_wrist=np.tile(np.eye(4), (N, 1, 1)),
        room=room,
        hand=hand,
        fingers=hand / 2,
        thumb=hand / 2,
        palm=zero,
        things=zero,
        squeeze=hand / 2,
        joint=zero,
        **({"state": zero} if "state" in ThingTrack.__dataclass_fields__ else {}),
    )
    return Trial(np.arange(N) * SAMPLE_S, {"target": track})


RISE = np.clip((np.arange(N) - 100) / 100, 0, 1)
ON_TABLE = np.where(np.arange(N) < 101, 2.0, 0.0)
GRIP = np.where(np.arange(N) > 60, 6.0, 0.0)
LEVEL = np.zeros(N)


def pick(trial: Trial):
    return judge_pick({"target": CUP}, trial)


def pour(trial: Trial):
    return judge_pour({"target": CUP}, trial)


def test_lifted_and_held_to_the_end_is_a_pick() -> None:
    verdict = pick(story(0.15 * RISE, LEVEL, GRIP, ON_TABLE))
    assert verdict.success
    assert verdict.reward == pytest.approx(1.0)


def test_a_cup_dropped_at_the_end_is_no_pick() -> None:
    hand = np.where(np.arange(N) > 280, 0.0, GRIP)
    verdict = pick(story(0.15 * RISE, LEVEL, hand, ON_TABLE))
    assert not verdict.success
    assert verdict.reward < 0.75


def test_a_cup_set_down_in_between_was_not_grasped_throughout() -> None:
    room = ON_TABLE.copy()
    room[200:203] = 2.0
    assert not pick(story(0.15 * RISE, LEVEL, GRIP, room)).success


def test_contact_may_flicker_for_less_than_three_percent_of_the_time() -> None:
    hand = GRIP.copy()
    hand[220:224] = 0.0
    assert pick(story(0.15 * RISE, LEVEL, hand, ON_TABLE)).success
    hand[220:235] = 0.0
    assert not pick(story(0.15 * RISE, LEVEL, hand, ON_TABLE)).success


def test_a_cup_that_was_pushed_but_never_left_the_table_earns_little() -> None:
    verdict = pick(story(np.zeros(N), LEVEL, GRIP, np.full(N, 2.0)))
    assert not verdict.success
    assert verdict.reward <= 0.2 + 1e-9


def test_nobody_touched_it_earns_nothing() -> None:
    assert pick(story(np.zeros(N), LEVEL, np.zeros(N), np.full(N, 2.0))).reward == 0.0


def test_a_lever_that_tips_the_cup_up_on_its_edge_is_no_lift() -> None:
    verdict = pick(story(np.zeros(N), 1.2 * RISE, GRIP, np.full(N, 2.0)))
    assert not verdict.success
    assert verdict.terms["lifted"] == 0.0


def test_reward_grows_with_height_and_with_how_long_it_was_held() -> None:
    heights = [pick(story(h * RISE, LEVEL, GRIP, ON_TABLE)).reward for h in (0.02, 0.05, 0.08, 0.12)]
    assert heights == sorted(heights) and heights[0] < heights[-1]
    holds = [
        pick(story(0.15 * RISE, LEVEL, np.where(np.arange(N) > end, 0.0, GRIP), ON_TABLE)).reward
        for end in (120, 160, 200, 260, 400)
    ]
    assert holds == sorted(holds) and holds[0] < holds[-1]


def test_pouring_needs_the_rim_below_the_base() -> None:
    for degrees, success in ((60, False), (88, False), (95, True), (130, True)):
        tilt = np.radians(degrees) * np.clip((np.arange(N) - 210) / 50, 0, 1)
        assert pour(story(0.2 * RISE, tilt, GRIP, ON_TABLE)).success is success


def test_a_cup_that_falls_over_while_falling_is_not_poured() -> None:
    tilt = np.radians(130) * np.clip((np.arange(N) - 250) / 20, 0, 1)
    hand = np.where(np.arange(N) > 245, 0.0, GRIP)
    verdict = pour(story(0.2 * RISE, tilt, hand, ON_TABLE))
    assert not verdict.success
    assert verdict.terms["tipped"] == 0.0


def test_a_cup_that_shifts_in_the_hand_is_held_less_well() -> None:
    trial = story(0.15 * RISE, LEVEL, GRIP, ON_TABLE)
    track = trial.tracks["target"]
    moved = track.T_wrist.copy()
    moved[:, 0, 3] = 0.03 * np.clip((np.arange(N) - 150) / 100, 0, 1)
    shifted = Trial(trial.time_s, {"target": replace(track, T_wrist=moved)})
    assert pick(shifted).success
    assert pick(shifted).reward < pick(trial).reward


def test_lowest_point_of_a_lying_cup_is_its_rim() -> None:
    T = transform(Rotation.from_euler("x", np.pi / 2).as_matrix(), [0.5, 0.0, 0.1])[None]
    assert lowest_points(CUP, T)[0] == pytest.approx(0.1 - 0.04)
