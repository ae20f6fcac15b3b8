"""What else stands on the table: drawn from the seed, out of the way, and without a say in the task."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_core.config import validate
from deft_core.errors import ConfigError
from deft_core.hand import HandModel
from deft_core.task import available_tasks, load_task
from deft_core.workcell import WorkcellConfig, load_workcell
from deft_sim.distractors import HAND_M, NAME, X_M, Y_M
from deft_sim.task_scene import TaskScene
from deft_sim.trials import run_trials

CLUTTERED = load_workcell("cluttered")


@pytest.fixture(scope="module")
def scenes(hand: HandModel) -> dict[str, TaskScene]:
    """Every task's scenes with distractors, and `pick_cup` without."""
    built = {name: TaskScene(load_task(name), hand, CLUTTERED.distractors) for name in available_tasks()}
    return built | {"bare": TaskScene(load_task("pick_cup"), hand)}


@given(st.sampled_from(available_tasks()), st.sampled_from(["train", "test"]), st.integers(0, 2**62))
@settings(max_examples=60, deadline=None)
def test_distractors_stand_on_the_table_a_hand_away(
    scenes: dict[str, TaskScene], task: str, which: str, seed: int
) -> None:
    scene = scenes[task]
    poses, things = scene.arrange(which, seed).poses, scene.world(which).things
    here = {name: T for name, T in poses.items() if name.startswith(NAME) and T[2, 3] > -0.1}
    for name, T in here.items():
        assert X_M[0] <= T[0, 3] <= X_M[1] and Y_M[0] <= T[1, 3] <= Y_M[1]
        for other, S in poses.items():
            if not other.startswith(NAME):
                apart = np.linalg.norm(T[:2, 3] - S[:2, 3])
                assert apart > things[name].footprint_m + things[other].footprint_m + HAND_M - 1e-9


def test_how_many_there_are_varies_and_the_task_itself_does_not(scenes: dict[str, TaskScene]) -> None:
    counts = set()
    for seed in range(40):
        with_others, without = scenes["pick_cup"].arrange("train", seed), scenes["bare"].arrange("train", seed)
        assert np.array_equal(with_others.poses["target"], without.poses["target"])
        assert with_others.look == without.look
        counts.add(sum(T[2, 3] > -0.1 for name, T in with_others.poses.items() if name.startswith(NAME)))
    assert {0, 1, 2} <= counts


def test_no_task_has_a_like_of_itself_beside_it(scenes: dict[str, TaskScene]) -> None:
    for name in available_tasks():
        things = scenes[name].world("train").things
        own = {type(thing) for key, thing in things.items() if not key.startswith(NAME)}
        assert own.isdisjoint({type(thing) for key, thing in things.items() if key.startswith(NAME)})


def test_an_expert_does_the_task_all_the_same() -> None:
    result = run_trials("pick_cup", "expert", "train", 4, 5, workcell="cluttered")
    assert result["success"] == 1.0 and result["warnings"] == 0


def test_bad_distractors_are_refused(hand: HandModel) -> None:
    lab = load_workcell("lab").model_dump() | {"distractors": [{"kind": "cup"}]}
    with pytest.raises(ConfigError, match="distractors are for the twin"):
        validate(lab, WorkcellConfig, "lab.yaml")
    wrong = [CLUTTERED.distractors[0].model_copy(update={"kind": "teapot"})]
    with pytest.raises(ConfigError, match=r"distractors\.0\.kind: unknown kind of object 'teapot'"):
        TaskScene(load_task("pick_spoon"), hand, wrong)
