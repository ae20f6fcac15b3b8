"""A person takes grapes, flips a bagel and presses a lemon: the demonstrations do what they show."""

import numpy as np

from deft_sim.human.demonstrate import DEMONSTRATIONS, PROPS
from deft_sim.human.scene import OBJECT, HumanStage


def perform(task: str) -> tuple[HumanStage, np.ndarray]:
    """The stage after a demonstration, and how far the thing's frame moved (3,), metres."""
    props = PROPS[task]
    stage = HumanStage(props.target, others=props.others)
    hand = stage.place(*props.place)
    before = stage.object_pose()[:3, 3]
    DEMONSTRATIONS[task](stage, hand, np.random.default_rng(0))
    return stage, stage.object_pose()[:3, 3] - before


def test_all_grapes_come_along() -> None:
    stage, moved = perform("pick_grape")
    bunch = PROPS["pick_grape"].target
    lowest, stems = np.split(bunch.state(stage.model, stage.data, OBJECT), 2)
    assert moved[2] > 0.1
    assert lowest.min() > 0.1
    assert stems.all()


def test_the_bagel_ends_upside_down_in_the_hand() -> None:
    stage, moved = perform("flip_bagel")
    assert stage.object_pose()[2, 2] < -0.5
    assert moved[2] > 0.1


def test_the_lemon_stays_on_the_reamer() -> None:
    stage, _ = perform("squeeze_lemon")
    lemon, juicer = stage.object_pose(), stage.data.body("juicer")
    assert np.linalg.norm(lemon[:2, 3] - juicer.xpos[:2]) < 0.01
    assert lemon[2, 2] > np.cos(np.radians(25))
