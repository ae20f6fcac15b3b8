"""Stirring: the bowl must go around the pot's axis, inside it, with the spoon in the hand."""

import numpy as np
import pytest

from deft_core.geometry import transform
from deft_core.task import load_task
from deft_sim.judge.record import SAMPLE_S, ThingTrack, Trial
from deft_sim.judge.stirring import judge_stir_spoon
from deft_sim.task_scene import make_things
from deft_sim.things.spoon import Spoon
from deft_sim.workcell import TwinWorkcell

N = 400
THINGS = make_things(load_task("stir_spoon").train, "train")


def track(T: np.ndarray, hand: np.ndarray) -> ThingTrack:
    zero = np.zeros(N)
    return ThingTrack(T, T, zero, hand, hand, zero, zero, zero, hand / 2, zero, np.zeros((N, 0)))


def judged(degrees: float, radius_m: float = 0.035, height_m: float = 0.02, hand: np.ndarray | None = None):
    """Lead the bowl around the pot by an angle, at a radius and height in it."""
    spoon = THINGS["target"]
    assert isinstance(spoon, Spoon)
    base = spoon.bowl_centre - [0, 0, spoon.bowl_depth_m]
    angle = np.radians(degrees) * np.clip((np.arange(N) - 100) / 200, 0, 1)
    centre = np.array([0.55, 0.0, height_m])
    bowl = centre + np.column_stack([radius_m * np.cos(angle), radius_m * np.sin(angle), np.zeros(N)])
    T = np.array([transform(None, p - base) for p in bowl])
    pot = np.tile(transform(None, [0.55, 0.0, 0.0]), (N, 1, 1))
    grip = np.where(np.arange(N) > 60, 4.0, 0.0) if hand is None else hand
    tracks = {"target": track(T, grip), "other1": track(pot, np.zeros(N))}
    return judge_stir_spoon(THINGS, Trial(np.arange(N) * SAMPLE_S, tracks))


@pytest.mark.parametrize(("degrees", "success"), [(90, False), (170, False), (190, True), (-190, True), (320, True)])
def test_half_a_turn_either_way_is_needed(degrees: float, success: bool) -> None:
    assert judged(degrees).success is success


def test_stirring_the_air_above_the_pot_is_nothing() -> None:
    result = judged(320, height_m=0.09)
    assert not result.success and result.terms["swept"] == 0.0


def test_a_spoon_that_goes_around_without_the_hand_is_nothing() -> None:
    hand = np.where((np.arange(N) > 60) & (np.arange(N) < 110), 4.0, 0.0)
    assert not judged(320, hand=hand).success


def test_to_and_fro_is_no_turn() -> None:
    assert judged(100).terms["swept"] == pytest.approx(100 / 180, abs=0.02)


def test_reward_grows_with_the_angle() -> None:
    rewards = [judged(a).reward for a in (0, 40, 90, 150, 200)]
    assert rewards == sorted(rewards) and rewards[0] < rewards[-1]


@pytest.mark.parametrize("objects", ["train", "test"])
def test_the_spoon_leans_in_the_pot_and_stays(objects: str, cell) -> None:
    twin = TwinWorkcell(load_task("stir_spoon"), cell, 0, "raycast")
    for seed in (1, 2):
        twin.reset(objects, seed)
        before = twin.world.pose("target")
        for _ in range(125):
            twin.world.tick()
        after = twin.world.pose("target")
        assert np.linalg.norm(after[:3, 3] - before[:3, 3]) < 0.01
        spoon = twin.world.things["target"]
        assert isinstance(spoon, Spoon)
        bowl = (after @ np.append(spoon.bowl_centre, 1.0))[:3] - twin.world.pose("other1")[:3, 3]
        assert np.hypot(bowl[0], bowl[1]) < 0.075 and bowl[2] < 0.06
        handle = (after @ np.array([-spoon.handle_length_m / 2, 0, 0, 1.0]))[:3]
        assert handle[2] > 0.06
