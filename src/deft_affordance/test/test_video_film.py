"""Synthetic video by simulation: no task's own things, nothing of the robot, and labels found again by the builder."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from deft_affordance.checkpoint import load_prior
from deft_affordance.data.instructions import NOUNS, TEMPLATES, task_paraphrases
from deft_affordance.data.likeness import MIN_DIFFERENCE, difference, task_objects
from deft_affordance.data.objects import KINDS
from deft_affordance.data.tabletop import draw_tabletop
from deft_affordance.video.build_dataset import main as build
from deft_affordance.video.compare_labels import compare
from deft_affordance.video.compare_labels import main as report
from deft_affordance.video.film import film_synthetic, take
from deft_affordance.video.film.acts import ACTS
from deft_affordance.video.film.film_synthetic import (
    PER_THING,
    NeverHeld,
    begin,
    film_one,
    participant,
    pinhole_of,
    write_tables,
)
from deft_affordance.video.film.film_synthetic import main as film
from deft_affordance.video.film.spoil import PARTICIPANT
from deft_affordance.video.film.take import film_take
from deft_affordance.video.words import clean_text, grasp_verbs, is_grasp


@pytest.mark.parametrize("kind", KINDS)
def test_no_filmed_thing_is_a_tasks_own(kind, monkeypatch):
    drawn, how = [], KINDS[kind]

    def first_a_tasks_own(rng):
        drawn.append(how.draw(rng))
        own = [thing for thing in task_objects() if type(thing) is type(drawn[-1].target)]
        return replace(drawn[-1], target=own[0]) if len(drawn) == 1 else drawn[-1]

    monkeypatch.setitem(KINDS, kind, replace(how, draw=first_a_tasks_own))
    seen = []
    monkeypatch.setattr(film_synthetic, "film_take", lambda kind, tabletop, *_: seen.append(tabletop.drawn))
    monkeypatch.setattr(film_synthetic, "DRAWS", 3)
    rng = np.random.default_rng(0)
    with pytest.raises(NeverHeld, match=f"here: of 3 things of kind '{kind}' none could be held.*--kinds"):
        film_synthetic.film_held(kind, how.verbs[0], pinhole_of(160), rng, rng, "here")
    things = [thing for each in seen for thing in (each.target, *each.others.values())]
    assert len(seen) == 3 and len(drawn) > 3  # the task's own was not filmed
    assert all(difference(thing, other) >= MIN_DIFFERENCE for thing in things for other in task_objects())


def test_what_is_said_of_a_kind_is_of_its_verbs_and_known_to_the_prior_that_ships():
    known = set(load_prior().vocabulary)
    assert set(ACTS) == set(KINDS)
    for kind, act in ACTS.items():
        assert set(act.narrations) == set(KINDS[kind].verbs)
        for verb, said in act.narrations.items():
            templates = {words.split()[0] for words in TEMPLATES[verb]}
            nouns = {noun.split()[-1] for noun in NOUNS[kind]}
            for text in said:
                words = clean_text(text, kind).split()
                assert known.issuperset(words) and text not in task_paraphrases()
                assert is_grasp(words[0], grasp_verbs()) and words[0] in templates and words[-1] in nouns


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
    take = film_take("cup", draw_tabletop("cup", rng), "pick", pinhole_of(320), rng)
    assert not take.hand[0].any() and take.thing[0].sum() > 100
    assert 10 < take.contact < take.held_frame and take.touching[take.contact : take.contact + 5].mean() > 0.7
    rows = [np.argwhere(take.thing[k])[:, 0].mean() for k in (0, -1)]
    assert rows[1] < rows[0] - 10  # lifted
    inside = take.contacts_px.mean(axis=0)
    columns = np.argwhere(take.thing[0])[:, ::-1]
    assert (inside > columns.min(axis=0) - 2).all() and (inside < columns.max(axis=0) + 2).all()
    rng = np.random.default_rng(3)
    again = film_take("cup", draw_tabletop("cup", rng), "pick", pinhole_of(320), rng)
    assert np.array_equal(again.color, take.color) and np.array_equal(again.mano, take.mano)


# How far down the image, pixels, a thing's middle is at the end against the beginning; the others stay where they are.
DOWN = {"bagel": (-99, -8), "bunch": (-99, -8), "drawer": (1, 99), "spoon": (-99, -8), "spoon in dish": (-99, -2)}


@pytest.mark.slow
def test_every_kind_is_filmed_held_and_built(tmp_path, capsys):
    root, out, kinds = tmp_path / "film", tmp_path / "built", sorted(set(KINDS) - {"cup"})  # cups are filmed below
    begin(root, kinds, 2, 320)
    for thing in range(len(kinds)):
        film_one(root, PER_THING * thing, kinds, 2, 320)
    assert write_tables(root) == len(kinds)
    truth = json.loads((root / "truth.json").read_text())
    assert [true["kind"] for true in truth.values()] == kinds
    for clip, true in truth.items():
        name = clip.removesuffix("_0")
        masks = json.loads((root / "detic" / name / "coco_instances_results.json").read_text())
        boxes = {row["image_id"] - 1: np.array(row["bbox"]) for row in masks}
        middle = {k: box[:2] + box[2:] / 2 for k, box in boxes.items()}
        assert 10 < true["contact"] < true["held"] and true["contacts_px"]  # held to the end
        low, size = boxes[0][:2], boxes[0][2:]
        inside = np.mean(true["contacts_px"], axis=0)
        assert (inside > low - 4).all() and (inside < low + size + 4).all(), true["kind"]
        least, most = DOWN.get(true["kind"], (-99, 99))
        assert least <= middle[max(middle)][1] - middle[0][1] <= most, true["kind"]
    build(["--source", "synthetic", "--root", str(root), "--out", str(out), "--workers", "1", "--image-size", "96"])
    result = compare(root, out)
    assert result["as_expected"] == len(kinds), result["outcomes"]
    assert {kind: row["compared"] for kind, row in result["by_kind"].items()} == dict.fromkeys(kinds, 1)
    assert result["figures"]["mm"]["median"] < 60.0 and result["figures"]["frames"]["within_3"] > 0.5
    capsys.readouterr()
    report([str(root), str(out)])
    assert "| spoon in pot | 1 of 1 | 1 |" in capsys.readouterr().out


@pytest.mark.slow
def test_filmed_clips_are_built_and_compared_with_the_truth(tmp_path, capsys):
    root, out = tmp_path / "film", tmp_path / "built"
    arguments = ["--root", str(root), "--clips", "2", "--kinds", "cup", "--width", "320", "--workers", "1", "--spoilt"]
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
    with pytest.raises(SystemExit, match=r"begun with kinds \['cup'\], not \['cup', 'drawer'\]"):
        film([*arguments, "--kinds", "cup,drawer"])


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "EPIC_100_train.csv").write_text("precious")
    with pytest.raises(SystemExit, match="holds files that film_synthetic did not make"):
        film(["--root", str(tmp_path), "--clips", "1", "--width", "160"])
    assert [path.name for path in tmp_path.iterdir()] == ["EPIC_100_train.csv"]


def test_a_kind_that_cannot_be_held_ends_the_command_with_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(take, "try_hold", lambda *_: None)
    monkeypatch.setattr(take, "WAYS", 1)
    monkeypatch.setattr(film_synthetic, "DRAWS", 1)
    with pytest.raises(SystemExit, match="film_synthetic: clip 0: of 1 things of kind 'lemon' none could be held"):
        film(["--root", str(tmp_path / "a"), "--kinds", "lemon", "--clips", "1", "--width", "160", "--workers", "1"])


def test_a_kind_there_is_none_of_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        film(["--root", str(tmp_path), "--kinds", "cup,teapot"])
    assert "no such kind: teapot; there are bagel, bunch, cup" in capsys.readouterr().err


def test_the_spoilt_clips_participant_has_no_other_clips():
    names = [participant(thing) for thing in range(120)]
    assert names[:2] == ["P01", "P02"] and len(set(names)) == 120 and PARTICIPANT not in names
