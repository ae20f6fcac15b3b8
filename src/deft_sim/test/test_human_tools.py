"""A person opens a drawer, picks up a spoon and stirs: the demonstrations do what they show."""

import numpy as np
import pytest

from deft_sim.human.demonstrate import DEMONSTRATIONS, PROPS
from deft_sim.human.scene import OBJECT, HumanStage
from deft_sim.judge.scooping import in_bowl
from deft_sim.judge.stirring import sweep
from deft_sim.things.grape import Grape
from deft_sim.things.spoon import Spoon, lowest_points


def perform(task: str) -> tuple[HumanStage, np.ndarray, np.ndarray]:
    """The stage after a demonstration, the thing's poses (n, 4, 4) on the way, and whether the hand touched it (n,)."""
    props = PROPS[task]
    poses, touched, steps = [], [], [0]

    def on_step() -> None:
        steps[0] += 1
        if steps[0] % 25 == 0:
            poses.append(stage.object_pose())
            touched.append(len(hand.touch(stage.object_body).forces) > 0)

    stage = HumanStage(props.target, on_step=on_step, others=props.others)
    hand = stage.place(*props.place)
    DEMONSTRATIONS[task](stage, hand, np.random.default_rng(0))
    return stage, np.array(poses), np.array(touched)


def test_the_drawer_is_pulled_open_and_still_held() -> None:
    stage, _, touched = perform("open_drawer")
    drawer = PROPS["open_drawer"].target
    assert drawer.joint_m(stage.model, stage.data, OBJECT) > 0.08
    assert touched[-20:].all()


def test_the_spoon_is_lifted_and_still_held() -> None:
    spoon = PROPS["pick_spoon"].target
    assert isinstance(spoon, Spoon)
    _, poses, touched = perform("pick_spoon")
    assert lowest_points(spoon, poses[-20:]).min() > 0.08
    assert touched[-20:].all()


@pytest.mark.slow
def test_the_bowl_goes_around_the_pot_twice() -> None:
    spoon = PROPS["stir_spoon"].target
    assert isinstance(spoon, Spoon)
    stage, poses, touched = perform("stir_spoon")
    bowl = poses[:, :3, :3] @ spoon.bowl_centre + poses[:, :3, 3] - stage.data.body("pot").xpos
    assert sweep(bowl, touched) > np.radians(2 * 350)


@pytest.mark.slow
def test_a_grape_ends_in_the_spoon_above_the_dish() -> None:
    props = PROPS["scoop_grape"]
    assert isinstance(props.target, Spoon)
    stage, poses, touched = perform("scoop_grape")
    assert touched[-20:].all()
    carried = []
    for name, grape in props.others.items():
        if isinstance(grape, Grape):
            centre = stage.data.body(name).xpos + np.array([0.0, 0.0, grape.radius_m])
            inside = in_bowl(props.target, poses[-1:], centre[None], grape.radius_m)[0]
            carried.append(inside and centre[2] > 0.06)
    assert any(carried)
