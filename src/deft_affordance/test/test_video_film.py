"""Synthetic video by simulation: no task's own cups, nothing of the robot, and labels found again by the builder."""

import json
import subprocess
import sys

import numpy as np
import pytest

from deft_affordance.data.likeness import MIN_DIFFERENCE, difference, task_objects
from deft_affordance.video.build_dataset import main as build
from deft_affordance.video.compare_labels import compare
from deft_affordance.video.compare_labels import main as report
from deft_affordance.video.film.film_synthetic import draw_film_cup, pinhole_of
from deft_affordance.video.film.film_synthetic import main as film
from deft_affordance.video.film.take import film_take


def test_no_filmed_cup_is_a_tasks_own():
    rng = np.random.default_rng(0)
    assert task_objects()
    for _ in range(200):
        cup = draw_film_cup(rng)
        assert min(difference(cup, other) for other in task_objects()) >= MIN_DIFFERENCE


def test_the_film_imports_neither_robot_nor_judge_and_the_builder_no_simulator():
    code = "import sys, {}; print(*sorted(m for m in sys.modules if m.startswith(('deft_', 'mujoco'))))"

    def loaded(module):
        command = [sys.executable, "-c", code.format(module)]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.split()

    forbidden = ("deft_sim.judge", "deft_sim.world", "deft_sim.executor", "deft_sim.workcell", "deft_sim.model.hand",
                 "deft_sim.model.arm", "deft_sim.servos", "deft_cem", "deft_core.hands")  # fmt: skip
    filming = loaded("deft_affordance.video.film.film_synthetic")
    assert "deft_sim.human.grasping" in filming and not [m for m in filming if m.startswith(forbidden)]
    assert not [m for m in loaded("deft_affordance.video.build_dataset") if m.startswith(("deft_sim", "mujoco"))]


@pytest.mark.slow
def test_a_take_shows_a_hand_that_comes_touches_and_lifts():
    rng = np.random.default_rng(3)
    take = film_take(draw_film_cup(rng), "pick", pinhole_of(320), rng)
    assert not take.hand[0].any() and take.thing[0].sum() > 100
    assert 10 < take.contact < take.held_frame and take.touching[take.contact : take.contact + 5].mean() > 0.7
    rows = [np.argwhere(take.thing[k])[:, 0].mean() for k in (0, -1)]
    assert rows[1] < rows[0] - 10  # lifted
    inside = take.contacts_px.mean(axis=0)
    columns = np.argwhere(take.thing[0])[:, ::-1]
    assert (inside > columns.min(axis=0) - 2).all() and (inside < columns.max(axis=0) + 2).all()
    again = film_take(draw_film_cup(np.random.default_rng(3)), "pick", pinhole_of(320), np.random.default_rng(3))
    assert again.color.shape[1:] == take.color.shape[1:]


@pytest.mark.slow
def test_filmed_clips_are_built_and_compared_with_the_truth(tmp_path, capsys):
    root, out = tmp_path / "film", tmp_path / "built"
    arguments = ["--root", str(root), "--clips", "2", "--width", "320", "--workers", "1", "--spoilt"]
    film(arguments)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.MP4")}
    film(arguments)  # goes on where it was: nothing is filmed again
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*.MP4")} == before
    build(["--source", "synthetic", "--root", str(root), "--out", str(out), "--workers", "1", "--image-size", "96"])
    result = compare(root, out)
    assert result["clips"] == 20 and result["as_expected"] >= 18, result["outcomes"]
    if result["figures"]["px"]["n"]:
        assert result["figures"]["mm"]["median"] < 60.0
    capsys.readouterr()
    report([str(root), str(out)])
    assert "clips as expected" in capsys.readouterr().out
    report([str(root), str(out), "--json"])
    assert json.loads(capsys.readouterr().out)["clips"] == 20
    with pytest.raises(SystemExit, match="film_synthetic"):
        report([str(tmp_path), str(out)])
    with pytest.raises(SystemExit, match="begun with seed 0, not 1"):
        film([*arguments, "--seed", "1"])


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "EPIC_100_train.csv").write_text("precious")
    with pytest.raises(SystemExit, match="holds files that film_synthetic did not make"):
        film(["--root", str(tmp_path), "--clips", "1", "--width", "160"])
    assert [path.name for path in tmp_path.iterdir()] == ["EPIC_100_train.csv"]
