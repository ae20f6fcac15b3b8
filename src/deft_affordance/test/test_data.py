"""The synthetic data: never a task's own object, nothing of the robot, labels that fit their images."""

import subprocess
import sys

import numpy as np
import pytest

from deft_affordance.data.instructions import all_texts, draw_instruction
from deft_affordance.data.objects import (
    KINDS,
    MIN_DIFFERENCE,
    TaskObjectRefused,
    draw_object,
    refuse_task_object,
    task_objects,
)
from deft_affordance.data.shards import DataUnusable, read_samples, write_manifest, write_shard
from deft_core.task import PAPER_TASKS
from deft_vision.text import build_vocabulary


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_drawn_object_is_a_tasks_own(kind):
    known, rng = task_objects(kind), np.random.default_rng(0)
    assert known
    for _ in range(300):
        thing = draw_object(kind, known, rng)
        assert min(KINDS[kind].difference(thing, other) for other in known) >= MIN_DIFFERENCE


def test_the_generator_refuses_a_tasks_own_object():
    known = task_objects("cup")
    for thing in known:
        with pytest.raises(TaskObjectRefused):
            refuse_task_object(thing, "cup", known)
        recoloured = thing.model_copy(update={"color": (0.1, 0.9, 0.1), "height_m": 1.01 * thing.height_m})
        with pytest.raises(TaskObjectRefused):
            refuse_task_object(recoloured, "cup", known)


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
    assert all("{" not in draw_instruction(verb, "cup", rng) for verb in ("pick", "pour"))


@pytest.mark.slow
def test_labels_fit_their_images(tmp_path):
    from deft_affordance.data.generate import generate_object

    rows, counts = generate_object(3, "cup", seed=0, views=2, tries=8, image_size=96)
    again, _ = generate_object(3, "cup", seed=0, views=2, tries=8, image_size=96)
    assert counts["found"] >= 1 and rows
    write_shard(tmp_path, 0, rows, counts)
    assert write_manifest(tmp_path, {"seed": 0}) == counts | {"samples": len(rows)}
    samples, _ = read_samples(tmp_path)
    np.testing.assert_array_equal(samples["wrist"], [row["wrist"] for row in again])
    assert samples["crop"].shape[1:] == (96, 96, 3)
    mean = samples["contacts_true"].mean(axis=1)
    assert ((mean > 0.1) & (mean < 0.9)).all()  # on the object, which the crop surrounds
    assert (np.linalg.norm(samples["contact_in_wrist"], axis=1) < 0.2).all()


def test_a_folder_without_data_says_which_command_makes_it(tmp_path):
    with pytest.raises(DataUnusable, match="deft_affordance generate"):
        read_samples(tmp_path)
    write_manifest(tmp_path, {})
    with pytest.raises(DataUnusable, match="no samples"):
        read_samples(tmp_path)
