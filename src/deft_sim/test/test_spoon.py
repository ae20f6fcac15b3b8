"""Spoons: they lie with an arch to grip, their bowl holds a grape, and the end of the trial decides."""

import mujoco
import numpy as np
import pytest

from deft_core.geometry import transform
from deft_core.task import load_task
from deft_sim.judge.record import SAMPLE_S, ThingTrack, Trial
from deft_sim.judge.spoons import judge_pick_spoon
from deft_sim.model.scene import new_scene
from deft_sim.things.registry import make_thing
from deft_sim.things.spoon import Spoon, lowest_points

N = 300


@pytest.fixture(scope="module", params=["train", "test"])
def spoon(request) -> Spoon:
    thing = make_thing(load_task("pick_spoon").objects(request.param).target, request.param)
    assert isinstance(thing, Spoon)
    return thing


def test_it_comes_to_rest_with_its_arch_above_the_table(spoon: Spoon) -> None:
    spec = new_scene(table_looks=0)
    spoon.add_to(spec, "spoon")
    model = spec.compile()
    data = mujoco.MjData(model)
    assert model.body("spoon").mass[0] == pytest.approx(spoon.mass_kg, rel=1e-6)
    spoon.place(model, data, "spoon", transform(None, [0.5, 0, 0]) @ spoon.rest_pose)
    mujoco.mj_step(model, data, 1000)
    rest = data.geom("spoon_handle3").xpos.copy()
    assert rest[2] > spoon.arch_m
    mujoco.mj_step(model, data, 1000)
    assert np.linalg.norm(data.geom("spoon_handle3").xpos - rest) < 1e-4


def test_its_bowl_holds_a_grape() -> None:
    spoon = make_thing(load_task("pick_spoon").train.target, "train")
    assert isinstance(spoon, Spoon)
    spec = new_scene(table_looks=0)
    body = spoon.add_to(spec, "spoon")
    spec.delete(body.joints[0])  # held fast in the air
    body.pos = [0.5, 0, 0.2]
    grape = spec.worldbody.add_body(name="grape", pos=np.add(spoon.bowl_centre, [0.505, 0.004, 0.23]))
    grape.add_freejoint()
    grape.add_geom(type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.009, 0, 0], mass=0.004)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_step(model, data, 1000)
    assert data.body("grape").xpos[2] > 0.2
    assert np.linalg.norm(data.body("grape").xpos[:2] - np.add(spoon.bowl_centre, [0.5, 0, 0])[:2]) < 0.02


def verdict(lift: np.ndarray, hand: np.ndarray, room: np.ndarray):
    spoon = make_thing(load_task("pick_spoon").train.target, "train")
    T = np.tile(np.eye(4), (N, 1, 1))
    T[:, 2, 3] = lift
    zero, still = np.zeros(N), np.tile(np.eye(4), (N, 1, 1))
    track = ThingTrack(T, still, room, hand, hand, zero, zero, zero, hand / 2, zero, np.zeros((N, 0)))
    return judge_pick_spoon({"target": spoon}, Trial(np.arange(N) * SAMPLE_S, {"target": track}))


RISE = np.clip((np.arange(N) - 100) / 100, 0, 1)
ON_TABLE = np.where(np.arange(N) <= 100, 0.5, 0.0)
GRIP = np.where(np.arange(N) > 60, 4.0, 0.0)


def test_held_in_the_air_at_the_end_is_a_pick() -> None:
    result = verdict(0.15 * RISE, GRIP, ON_TABLE)
    assert result.success and result.reward == pytest.approx(1.0)


def test_falling_at_the_end_is_not_although_it_touches_no_table() -> None:
    assert not verdict(0.15 * RISE, np.where(np.arange(N) > 290, 0.0, GRIP), ON_TABLE).success


def test_levered_up_on_the_table_is_not() -> None:
    assert not verdict(np.zeros(N), GRIP, np.full(N, 0.3)).success


def test_lowest_points_of_a_lying_spoon_are_the_tables() -> None:
    spoon = make_thing(load_task("pick_spoon").train.target, "train")
    assert isinstance(spoon, Spoon)
    assert abs(lowest_points(spoon, np.eye(4)[None])[0]) < 1.5e-3
