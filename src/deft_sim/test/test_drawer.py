"""Drawers: they stand ajar, slide with some drag, and are judged open only when a grip pulled them."""

import mujoco
import numpy as np
import pytest

from deft_core.geometry import rot_z, transform
from deft_core.task import load_task
from deft_sim.judge.drawers import judge_open_drawer
from deft_sim.judge.record import SAMPLE_S, ThingTrack, Trial
from deft_sim.model.scene import new_scene
from deft_sim.things.drawer import Drawer
from deft_sim.things.registry import make_thing

N = 200


@pytest.fixture(scope="module", params=["train", "test"])
def drawer(request) -> Drawer:
    thing = make_thing(load_task("open_drawer").objects(request.param).target, request.param)
    assert isinstance(thing, Drawer)
    return thing


def placed(drawer: Drawer) -> tuple[mujoco.MjModel, mujoco.MjData]:
    spec = new_scene(table_looks=0)
    drawer.add_to(spec, "target")
    model = spec.compile()
    data = mujoco.MjData(model)
    drawer.place(model, data, "target", transform(rot_z(0.3), [0.6, 0.05, 0.0]) @ drawer.rest_pose)
    return model, data


def test_it_stands_ajar_and_still(drawer: Drawer) -> None:
    model, data = placed(drawer)
    mujoco.mj_step(model, data, 500)
    assert drawer.joint_m(model, data, "target") == pytest.approx(drawer.open_m, abs=1e-4)
    front = data.geom("target_front").xpos
    assert np.allclose(front[:2], [0.6, 0.05], atol=drawer.open_m + drawer.board_m)


def test_it_slides_only_when_pulled_harder_than_its_drag(drawer: Drawer) -> None:
    for factor, moves in ((0.7, False), (2.0, True)):
        model, data = placed(drawer)
        data.qfrc_applied[model.joint("target").dofadr[0]] = factor * drawer.drag_n
        mujoco.mj_step(model, data, 250)
        assert (drawer.joint_m(model, data, "target") > drawer.open_m + 0.01) is moves


def story(opening: np.ndarray, opposed: np.ndarray) -> Trial:
    zero, poses = np.zeros(N), np.tile(np.eye(4), (N, 1, 1))
    hand = np.where(opening > opening[0], 3.0, 0.0)
    track = ThingTrack(
        poses, poses, zero, hand, hand, zero, zero, zero, opposed, opening, np.zeros((N, 0)), opposed=opposed
    )
    return Trial(np.arange(N) * SAMPLE_S, {"target": track})


PULL = 0.015 + 0.08 * np.clip((np.arange(N) - 50) / 100, 0, 1)


def judged(opening: np.ndarray, opposed: np.ndarray):
    drawer = make_thing(load_task("open_drawer").train.target, "train")
    return judge_open_drawer({"target": drawer}, story(opening, opposed))


def test_a_gripped_pull_succeeds_and_a_drag_of_the_front_does_not() -> None:
    gripped, dragged = judged(PULL, np.full(N, 2.0)), judged(PULL, np.zeros(N))
    assert gripped.success and gripped.reward == pytest.approx(1.0)
    assert not dragged.success and dragged.reward <= 0.05 + 1e-9


def test_nine_millimetres_are_not_enough() -> None:
    assert not judged(0.015 + (PULL - 0.015) * 0.009 / 0.08, np.full(N, 2.0)).success
    assert judged(0.015 + (PULL - 0.015) * 0.011 / 0.08, np.full(N, 2.0)).success


def test_what_was_pushed_shut_again_does_not_count() -> None:
    there_and_back = np.where(np.arange(N) < 150, PULL, 0.015)
    assert not judged(there_and_back, np.full(N, 2.0)).success


def test_reward_grows_with_the_opening() -> None:
    rewards = [judged(0.015 + (PULL - 0.015) * k, np.full(N, 2.0)).reward for k in (0.02, 0.1, 0.3, 0.6, 1.0)]
    assert rewards == sorted(rewards) and rewards[0] < rewards[-1]
