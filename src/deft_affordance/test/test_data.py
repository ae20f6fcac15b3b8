"""The synthetic data: never a task's own object, nothing of the robot, labels that fit their images."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deft_affordance import evaluate, teach_names
from deft_affordance.data.instructions import NOUNS, TEMPLATES, all_texts, draw_instruction, task_paraphrases
from deft_affordance.data.likeness import (
    MIN_DIFFERENCE,
    TaskObjectRefused,
    difference,
    refuse_task_object,
    task_objects,
)
from deft_affordance.data.objects import KINDS, TURNS, draw_object
from deft_affordance.data.shards import FIELDS, DataUnusable, Samples, read_samples, write_manifest, write_shard
from deft_core.task import PAPER_TASKS
from deft_vision.text import build_vocabulary


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_drawn_object_is_a_tasks_own(kind):
    rng = np.random.default_rng(0)
    for _ in range(40):
        drawn = draw_object(kind, rng)
        for thing in (drawn.target, *drawn.others.values()):
            assert min(difference(thing, other) for other in task_objects()) >= MIN_DIFFERENCE


def test_the_generator_refuses_a_tasks_own_object():
    things = task_objects()
    assert {type(thing).__name__ for thing in things} >= {"Bagel", "Bunch", "Cup", "Drawer", "Juicer", "Lemon", "Spoon"}
    for thing in things:
        with pytest.raises(TaskObjectRefused):
            refuse_task_object(thing)
        recoloured = thing.model_copy(update={"color": (0.1, 0.9, 0.1), "mass_kg": 0.2})
        with pytest.raises(TaskObjectRefused):
            refuse_task_object(recoloured)
    cup = next(thing for thing in things if type(thing).__name__ == "Cup")
    with pytest.raises(TaskObjectRefused):
        refuse_task_object(cup.model_copy(update={"height_m": 1.01 * cup.height_m}))
    refuse_task_object(cup.model_copy(update={"height_m": 1.3 * cup.height_m}))


def test_drawn_things_bracket_the_tasks():
    """What a test object measures lies within what training draws of its kind (a cup's width aside: any may be)."""
    rng = np.random.default_rng(0)
    for kind, names in (
        ("bagel", ("ring_m", "thick_m")),
        ("bunch", ("berry_radius_m", "spacing_m", "count")),
        ("drawer", ("width_m", "depth_m", "height_m", "handle_height_m", "handle_reach_m", "handle_thick_m")),
        ("lemon", ("radius_m", "height_m", "stands_at_m")),
    ):
        drawn = [draw_object(kind, rng).target for _ in range(150)]
        for name in names:
            values = [getattr(thing, name) for thing in drawn]
            for own in (thing for thing in task_objects() if type(thing) is type(drawn[0])):
                assert min(values) < getattr(own, name) < max(values), (kind, name)


def test_every_kind_has_its_turn_and_its_words():
    assert set(TURNS) == set(KINDS) == set(NOUNS)
    assert {verb for kind in KINDS.values() for verb in kind.verbs} == set(TEMPLATES)


def test_leaning_spoons_come_to_rest_on_the_rim():
    from deft_affordance.data.tabletop import draw_tabletop
    from deft_sim.human.scene import OBJECT

    for kind in ("spoon in dish", "spoon in pot"):
        tabletop = draw_tabletop(kind, np.random.default_rng(5))
        pot = next(iter(tabletop.drawn.others.values()))
        spoon = tabletop.poses[OBJECT]
        end = spoon[:3, :3] @ tabletop.drawn.target.along_handle(0.0) + spoon[:3, 3]
        bowl = spoon[:3, :3] @ tabletop.drawn.target.bowl_centre + spoon[:3, 3]
        assert end[0] < -pot.footprint_m and end[2] > pot.height_m
        assert np.hypot(*bowl[:2]) < pot.footprint_m and bowl[2] < pot.height_m


def test_the_generator_imports_neither_robot_nor_judge():
    code = "import sys, deft_affordance.data.generate; print(*sorted(m for m in sys.modules if m.startswith('deft_')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    modules = loaded.stdout.split()
    forbidden = (
        "deft_sim.judge",
        "deft_sim.world",
        "deft_sim.executor",
        "deft_sim.workcell",
        "deft_sim.model.hand",
        "deft_sim.model.arm",
        "deft_sim.servos",
        "deft_cem",
        "deft_core.hands",
    )
    assert "deft_sim.human.grasping" in modules
    assert [m for m in modules if m.startswith(forbidden)] == []


def test_vocabulary_covers_nine_tasks():
    words = set(build_vocabulary(all_texts()))
    assert len(PAPER_TASKS) == 9
    assert {"drawer", "spoon", "grape", "grapes", "scoop", "stir", "flip", "bagel", "squeeze", "lemon"} <= words
    rng = np.random.default_rng(0)
    drawn = {draw_instruction(verb, kind, rng) for kind in KINDS for verb in KINDS[kind].verbs for _ in range(200)}
    assert not any("{" in text for text in drawn)
    assert not drawn & task_paraphrases()


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_labels_fit_their_images(kind, tmp_path):
    from deft_affordance.data.generate import generate_object

    for index in range(3, 9):  # not every object can be held
        rows, counts = generate_object(index, kind, seed=0, views=2, tries=12, image_size=96)
        if rows:
            break
    again, _ = generate_object(index, kind, seed=0, views=2, tries=12, image_size=96)
    assert counts[f"found {kind}"] >= 1 and rows
    write_shard(tmp_path, 0, rows, counts)
    assert write_manifest(tmp_path, {"seed": 0}) == counts | {"samples": len(rows)}
    samples, _ = read_samples(tmp_path)
    np.testing.assert_array_equal(samples["wrist"], [row["wrist"] for row in again])
    assert samples["crop"].shape[1:] == (96, 96, 3) and set(samples["kind"]) == {kind}
    mean = samples["contacts_true"].mean(axis=1)
    assert ((mean > 0.05) & (mean < 0.95)).all()  # on the object, which the crop surrounds
    assert (np.linalg.norm(samples["contact_in_wrist"], axis=1) < 0.25).all()


def test_a_folder_without_data_says_which_command_makes_it(tmp_path):
    with pytest.raises(DataUnusable, match="deft_affordance generate"):
        read_samples(tmp_path)
    write_manifest(tmp_path, {})
    with pytest.raises(DataUnusable, match="no samples"):
        read_samples(tmp_path)


def _begun(folder: Path) -> Path:
    """A folder of one small shard."""
    folder.mkdir(exist_ok=True)
    row = {name: np.zeros(2) for name in FIELDS} | {"crop": np.zeros((8, 8, 3), np.uint8), "object": 0}
    shard = write_shard(folder, 0, [row], {})
    write_manifest(folder, {})
    return shard


def test_a_shard_that_is_not_the_manifests_is_refused(tmp_path):
    shard = _begun(tmp_path)
    whole, manifest = shard.read_bytes(), json.loads((tmp_path / "manifest.json").read_text())
    other = _begun(tmp_path / "other").read_bytes()  # says when it was written
    for content in (b"", whole[:-40], other[:200] + b"x" + other[201:]):
        shard.write_bytes(content)
        with pytest.raises(DataUnusable, match=r"shard-00000\.npz: not the shard that manifest\.json tells of"):
            read_samples(tmp_path)
        manifest["shards"] = {shard.name: hashlib.sha256(content).hexdigest()}
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(DataUnusable, match=r"shard-00000\.npz: .*make the data again"):
            read_samples(tmp_path)
    for content in ('{"shards": [1]}', "[]", '{"shards": 5}'):
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(DataUnusable, match="is not a manifest"):
            read_samples(tmp_path)


@pytest.mark.parametrize("spoil", [lambda b: b"", lambda b: b[:-40], lambda b: b[:90] + b"x" + b[91:]])
def test_a_damaged_shard_is_named_before_a_manifest_tells_of_it(tmp_path, spoil):
    shard = _begun(tmp_path)
    before = (tmp_path / "manifest.json").read_text()
    shard.write_bytes(spoil(shard.read_bytes()))
    with pytest.raises(DataUnusable, match=r"shard-00000\.npz: damaged .*delete it and run again"):
        write_manifest(tmp_path, {})
    assert (tmp_path / "manifest.json").read_text() == before


@pytest.mark.parametrize(
    "command",
    [evaluate.main, lambda a: evaluate.main([*a, "--test", *a[1:]]), lambda a: teach_names.main([*a, "--out", "x"])],
)
def test_crops_of_another_size_than_the_priors_are_refused(tmp_path, command):
    _begun(tmp_path)
    with pytest.raises(SystemExit, match=r"has crops of 8 px, the prior wants \d+"):
        command(["--data", str(tmp_path)])


def test_one_object_cannot_be_split():
    one = Samples({"crop": np.zeros((3, 1)), "object": np.zeros(3)})
    with pytest.raises(DataUnusable, match="of one object"):
        one.split(0.1)
    train, held_out = Samples({"crop": np.zeros((3, 1)), "object": np.arange(3)}).split(0.95)
    assert len(train) == 1 and len(held_out) == 2


def test_kinds_of_one_s_own_choice(tmp_path, capsys):
    from deft_affordance.data.generate import main

    main(
        ["--out", str(tmp_path), "--kinds", "lemon", "--objects", "2", "--views", "1", "--tries", "4", "--workers", "1"]
    )
    assert set(read_samples(tmp_path)[0]["kind"]) == {"lemon"}
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--kinds", "lemon,plum"])
    assert "no such kind: plum; there are bagel, " in capsys.readouterr().err


def test_a_folder_keeps_to_what_it_was_begun_with(tmp_path):
    """Shards made with two settings would lie in one data set; only how many there are may grow."""
    from deft_affordance.data.generate import main

    def make(*more: str) -> None:
        main(["--out", str(tmp_path), "--kinds", "lemon", "--views", "1", "--tries", "4", "--workers", "1", *more])

    make("--objects", "1")
    before = sorted(tmp_path.iterdir()), (tmp_path / "manifest.json").read_bytes()
    with pytest.raises(SystemExit, match=r"begun with seed 0, not 1: go on with the same settings"):
        make("--objects", "1", "--seed", "1")
    assert (sorted(tmp_path.iterdir()), (tmp_path / "manifest.json").read_bytes()) == before
    make("--objects", "2")
    assert len(list(tmp_path.glob("shard-*.npz"))) == 2
    (tmp_path / "settings.json").write_text("[", encoding="utf-8")
    with pytest.raises(SystemExit, match="does not say what was begun"):
        make("--objects", "2")
