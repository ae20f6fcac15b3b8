"""Grapes, bagel and lemon with the robot: possible with the grasps that the search found, not with an open hand."""

import pytest

from deft_sim.trials import run_trials

TASKS = ("pick_grape", "flip_bagel", "squeeze_lemon")


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_the_expert_mostly_succeeds(task: str) -> None:
    assert run_trials(task, "expert", "train", n=6, seed=0)["success"] >= 0.5


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_an_open_hand_does_not(task: str) -> None:
    assert run_trials(task, "open_hand", "train", n=4, seed=0)["success"] == 0.0
