"""Scooping: at the end a grape must lie in the bowl, above the rim, in a spoon that the hand holds."""

import numpy as np
import pytest

from deft_core.geometry import transform
from deft_core.task import load_task
from deft_sim.judge.record import SAMPLE_S, ThingTrack, Trial
from deft_sim.judge.scooping import judge_scoop_grape
from deft_sim.task_scene import make_things
from deft_sim.things.grape import Grape
from deft_sim.things.spoon import Spoon
from deft_sim.workcell import TwinWorkcell

N = 400
THINGS = make_things(load_task("scoop_grape").train, "train")
RISE = np.clip((np.arange(N) - 150) / 150, 0, 1)
GRIP = np.where(np.arange(N) > 60, 4.0, 0.0)


def track(xyz: np.ndarray, hand: np.ndarray) -> ThingTrack:
    T, zero = np.array([transform(None, p) for p in xyz]), np.zeros(N)
    return ThingTrack(T, T, zero, hand, hand, zero, zero, zero, hand / 2, zero, np.zeros((N, 0)))


def judged(
    lift_m: float = 0.10,
    carried: bool = True,
    hand: np.ndarray = GRIP,
    offset_m: float = 0.0,
    ahead_m: float = 0.0,
    sooner: int = 80,
):
    """Push the spoon ahead and lift it level; `other2` lies in its bowl (or beside it by an offset), or in the dish.

    The push begins `sooner` samples before the lift.
    """
    spoon, grape = THINGS["target"], THINGS["other2"]
    assert isinstance(spoon, Spoon) and isinstance(grape, Grape)
    pushed = np.clip((np.arange(N) - 150 + sooner) / 70, 0, 1)
    way = np.outer(lift_m * RISE, [0, 0, 1.0]) + np.outer(ahead_m * pushed, [1.0, 0, 0])
    at = spoon.bowl_centre + np.array([0.0, offset_m, 0.003 - spoon.bowl_depth_m])
    tracks = {"target": track(way, hand)}
    for name in THINGS:
        if name != "target":
            tracks[name] = track(np.tile([0.05, 0.03, 0.0], (N, 1)), np.zeros(N))
    tracks["other2"] = track(at + (way if carried else 0.0 * way), np.zeros(N))
    return judge_scoop_grape(THINGS, Trial(np.arange(N) * SAMPLE_S, tracks))


def test_a_grape_in_the_lifted_bowl_is_a_scoop() -> None:
    result = judged()
    assert result.success and result.reward == pytest.approx(1.0)


def test_an_empty_spoon_is_not() -> None:
    result = judged(carried=False)
    assert not result.success and result.terms["loaded"] == 0.0


def test_a_grape_beside_the_bowl_is_not() -> None:
    assert not judged(offset_m=0.03).success


def test_a_bowl_below_the_rim_is_not() -> None:
    assert not judged(lift_m=0.02).success


def test_a_dropped_spoon_is_not() -> None:
    assert not judged(hand=np.where(np.arange(N) > 390, 0.0, GRIP)).success


def test_reward_grows_with_the_height() -> None:
    rewards = [judged(lift_m=height).reward for height in (0.0, 0.01, 0.02, 0.04, 0.08)]
    assert rewards == sorted(rewards) and rewards[0] < rewards[-1]


def test_of_empty_spoons_the_one_that_was_pushed_on_before_it_rose_is_worth_more() -> None:
    ways = [dict(ahead_m=0.0), dict(ahead_m=0.01), dict(ahead_m=0.02), dict(ahead_m=0.05)]
    rewards = [judged(carried=False, **way).reward for way in ways]
    assert rewards == sorted(set(rewards))
    assert judged(carried=False, ahead_m=0.05).terms["delved"] == 1.0
    # Pushed on as far, but after it rose, and drawn back: it went over the grapes.
    assert judged(carried=False, ahead_m=0.05, sooner=-60).reward == judged(carried=False).reward
    assert judged(carried=False, ahead_m=-0.05).reward == judged(carried=False).reward
    # Never held: nothing.
    assert judged(carried=False, ahead_m=0.05, hand=np.zeros(N)).reward == 0.0


@pytest.mark.parametrize("objects", ["train", "test"])
def test_the_spoon_leans_in_the_dish_and_the_bowl_is_empty(objects: str, cell) -> None:
    twin = TwinWorkcell(load_task("scoop_grape"), cell, 0, "raycast")
    twin.reset(objects, 1)
    before = twin.world.pose("target")
    for _ in range(125):
        twin.world.tick()
    after = twin.world.pose("target")
    assert np.linalg.norm(after[:3, 3] - before[:3, 3]) < 0.01
    verdict = twin.verdict()
    assert not verdict.success and verdict.reward == 0.0
    dish = twin.world.pose("other1")[:3, 3]
    for name, thing in twin.world.things.items():
        if isinstance(thing, Grape):
            assert np.hypot(*(twin.world.pose(name)[:2, 3] - dish[:2])) < 0.07
