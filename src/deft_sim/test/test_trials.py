"""Trials by command, and the experts they stand on: a task is possible, and only with a hand that grasps."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deft_core.errors import ConfigError
from deft_core.geometry import rot_z, transform
from deft_core.workcell import Outcome
from deft_sim.experts import Expert, expert_for, load_experts, save_expert
from deft_sim.find_expert import FAULT_LEAVES, Search
from deft_sim.judge.verdict import Verdict
from deft_sim.trials import main, run_trials, wilson
from deft_sim.workcell import TwinWorkcell

EXPERT = Expert(
    contact=(0.1, 0.02, 0.05),
    wrist_rpy=(0.1, -0.5, 0.2),
    joints=(0.5,) * 16,
    contact_in_wrist=(-0.11, -0.045, 0.0),
    symmetric=False,
    success=1.0,
    episodes=10,
)


def test_a_grasp_turns_with_its_object() -> None:
    at_zero = EXPERT.grasp(transform(None, [0.5, 0.0, 0.0]))
    turned = EXPERT.grasp(transform(rot_z(0.4), [0.5, 0.0, 0.0]))
    assert np.allclose(turned.contact[:2] - [0.5, 0], (rot_z(0.4) @ (at_zero.contact - [0.5, 0, 0]))[:2])
    assert turned.wrist_rpy[2] == pytest.approx(at_zero.wrist_rpy[2] + 0.4)


def test_a_symmetric_objects_yaw_does_not_turn_the_grasp() -> None:
    symmetric = EXPERT.model_copy(update={"symmetric": True})
    assert symmetric.grasp(transform(rot_z(2.0), [0.5, 0, 0])) == symmetric.grasp(transform(None, [0.5, 0, 0]))


def test_experts_round_trip_and_a_missing_one_lists_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "experts.json"
    save_expert("pick_cup", "train", EXPERT, path)
    save_expert("pour_cup", "test", EXPERT, path)
    assert load_experts(path).experts["pick_cup"]["train"] == EXPERT
    with pytest.raises(ConfigError, match=r"pick_cup/train, pour_cup/test"):
        expert_for("pick_cup", "test", path)


def test_wilsons_interval() -> None:
    low, high = wilson(95, 100)
    assert low == pytest.approx(0.888, abs=1e-3) and high == pytest.approx(0.978, abs=1e-3)


def test_an_unknown_task_is_one_line_and_a_bad_status(capsys) -> None:
    assert main(["--task", "juggle", "--n", "1"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "pick_cup" in error


def test_the_command_prints_one_json_object() -> None:
    command = [
        sys.executable,
        "-m",
        "deft_sim.trials",
        "--task",
        "pour_cup",
        "--grasp",
        "open_hand",
        "--n",
        "1",
        "--json",
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert {
        "task",
        "grasp",
        "objects",
        "n",
        "seed",
        "success",
        "mean_reward",
        "wall_s",
        "realtime_factor",
        "warnings",
    } <= (set(result))
    assert result["warnings"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("task", ["pick_cup", "pour_cup"])
@pytest.mark.parametrize("objects", ["train", "test"])
def test_the_expert_can_and_a_hand_that_does_not_grasp_cannot(task: str, objects: str) -> None:
    assert run_trials(task, "expert", objects, 10, 1)["success"] >= 0.9
    for grasp in ("open_hand", "no_thumb"):
        assert run_trials(task, grasp, objects, 5, 1)["success"] == 0.0


def test_no_room_outside_the_twin_reads_the_experts() -> None:
    source = Path(__file__).resolve().parents[2]
    readers = [
        path
        for path in source.rglob("*.py")
        if "deft_sim" not in path.parts and "test" not in path.parts and "experts.json" in path.read_text("utf-8")
    ]
    assert readers == []
    inside = [
        p.name for p in (source / "deft_sim" / "deft_sim").rglob("*.py") if "deft_sim.experts" in p.read_text("utf-8")
    ]
    assert sorted(inside) == ["find_expert.py", "trials.py"]


def test_a_search_keeps_an_expert_that_does_better(monkeypatch: pytest.MonkeyPatch) -> None:
    search = Search("open_drawer", "train")
    monkeypatch.setattr(search, "reward", lambda relative, seeds: (0.9, 0.8))
    assert search.known_better(0.5, [1]) == 0.8
    assert search.known_better(0.8, [1]) is None
    search.objects = "none"
    assert search.known_better(0.0, [1]) is None


def test_a_fault_is_no_success_whatever_the_judge_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TwinWorkcell, "execute", lambda self, motion: Outcome("collision: pushed", 0.1))
    monkeypatch.setattr(TwinWorkcell, "verdict", lambda self: Verdict(True, {"steady": 1.0}, {"steady": 1.0}))
    result = run_trials("open_drawer", "expert", "train", 2, 1)
    assert result["faults"] == 2 and result["success"] == 0.0 and result["mean_reward"] == 0.0
    search = Search("open_drawer", "train")
    assert search.reward(search.start(), [1]) == (FAULT_LEAVES, 0.0)
    assert search.price(search.start(), 1) == FAULT_LEAVES
