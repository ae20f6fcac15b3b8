"""Telling which of several things an instruction means."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_affordance.checkpoint import SHIPPED, add_naming, load_prior
from deft_affordance.data.instructions import said_of
from deft_affordance.data.objects import KINDS
from deft_affordance.data.shards import Samples
from deft_affordance.errors import NothingThere, TwoFit
from deft_affordance.naming import fit_naming
from deft_affordance.picking import Picker
from deft_affordance.predictor import AffordancePredictor
from deft_affordance.predictor_settings import PredictorSettings
from deft_affordance.teach_names import naming_of
from deft_core.errors import PerceptionRefused
from deft_core.observation import RGBDFrame
from deft_core.task import available_tasks, load_task
from deft_core.workcell import load_workcell
from deft_perception.segmentation import SegmentedObject
from deft_sim.task_scene import TARGET
from deft_sim.workcell import TwinWorkcell
from deft_vision.errors import CheckpointLayoutError

SENTENCES = {kind: said_of(kind, how.verbs) for kind, how in KINDS.items()}


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_things_that_look_different_are_told_apart(seed):
    rng = np.random.default_rng(seed)
    kinds = ["cup", "lemon", "spoon"] * 20
    middles = {kind: 4.0 * rng.normal(size=16) for kind in SENTENCES}
    seen = np.array([middles[kind] + 0.1 * rng.normal(size=16) for kind in kinds])
    naming = fit_naming(seen, kinds, {kind: SENTENCES[kind] for kind in ("cup", "lemon", "spoon")})
    scores = naming.agreement(np.array([middles["cup"], middles["lemon"], middles["spoon"]]), "lift the lemon half")
    assert scores.argmax() == 1 and (scores >= 0).all() and (scores <= 1 + 1e-9).all()


def test_every_tasks_words_mean_its_own_kind():
    naming = load_prior().naming
    assert naming is not None
    kinds = {
        "open_drawer": "drawer",
        "pick_spoon": "spoon",
        "stir_spoon": "spoon in pot",
        "scoop_grape": "spoon in dish",
    }
    kinds |= {"pick_grape": "bunch", "flip_bagel": "bagel", "squeeze_lemon": "lemon"}
    for name in available_tasks():
        task = load_task(name)
        for text in (task.instruction, *task.paraphrases):
            assert naming.kinds[int(naming.means(text).argmax())] == kinds.get(name, "cup"), text


@pytest.mark.parametrize("task_name", ["pick_cup", "squeeze_lemon"])
def test_the_thing_asked_for_is_found_among_others(task_name):
    """The contact lies on the task's own object in nearly every cluttered scene, however many others there are."""
    task = load_task(task_name)
    twin, predictor = TwinWorkcell(task, load_workcell("cluttered"), 0, "raycast"), AffordancePredictor()
    found = looked = 0
    try:
        for seed in range(12):
            twin.reset("train", 500 + seed)
            try:
                contact = predictor.predict(twin.look(), task.instruction).contacts_base.mean(axis=0)
            except PerceptionRefused:
                continue
            near = np.linalg.norm(contact[:2] - twin.world.pose(TARGET)[:2, 3])
            found, looked = found + bool(near < 0.07), looked + 1
    finally:
        twin.close()
    assert looked >= 10 and found >= looked - 1


def test_of_two_things_alike_none_is_taken_until_somebody_points():
    rng = np.random.default_rng(0)
    image, boxes = np.full((240, 320, 3), 128, np.uint8), [(60, 80, 40, 60), (200, 80, 40, 60)]
    image[60:180, 20:150] = image[60:180, 160:290] = rng.integers(0, 256, (120, 130, 3), dtype=np.uint8)
    masks = np.zeros((2, 240, 320), bool)
    for mask, (x, y, width, height) in zip(masks, boxes, strict=True):
        mask[y : y + height, x : x + width] = True
    things = [SegmentedObject(m, b, np.zeros((1, 3)), np.zeros(3)) for m, b in zip(masks, boxes, strict=True)]
    K = np.array([[300.0, 0, 160], [0, 300, 120], [0, 0, 1]])
    frame = RGBDFrame(image, np.full((240, 320), 800, np.uint16), K, np.zeros(5), np.eye(4), 1, 0.0)
    picker = Picker(load_prior())
    with pytest.raises(TwoFit, match=r"'pick up the cup' alike, at pixels \(\d+, 110\) and \(\d+, 110\): point at"):
        picker.pick(things, frame, "pick up the cup")
    assert picker.pick(things, frame, "pick up the cup", np.array([0.16, -0.03, 0.8])) is things[1]


def test_who_points_at_a_thing_means_it_whatever_it_is_called():
    """In a cluttered scene each thing can be had by pointing, and nothing by pointing at the bare table."""
    task, cell = load_task("pick_cup"), load_workcell("cluttered")
    twin = TwinWorkcell(task, cell, 0, "raycast")
    # The other things stand about the border of where the task's are looked for.
    wide = cell.model_copy(update={"objects_x_m": (0.3, 0.85), "objects_y_m": (-0.4, 0.4)})
    predictor = AffordancePredictor(settings=PredictorSettings.of(wide))
    pointed = 0
    try:
        for seed in range(8):
            twin.reset("train", 500 + seed)
            frame = twin.look()
            for name in twin.world.things:
                place = twin.world.pose(name)[:3, 3] + [0.0, 0.0, 0.01]
                try:
                    contact = predictor.predict(frame, task.instruction, place).contacts_base.mean(axis=0)
                except PerceptionRefused:
                    continue
                assert np.linalg.norm(contact[:2] - place[:2]) < 0.13, name
                pointed += name != TARGET
            with pytest.raises(NothingThere, match="point at a thing"):
                predictor.predict(frame, task.instruction, np.array([0.30, 0.45, 0.0]))
            with pytest.raises(NothingThere, match="cannot see"):
                predictor.predict(frame, task.instruction, np.array([0.0, 0.0, 3.0]))
    finally:
        twin.close()
    assert pointed >= 3


def test_a_naming_for_another_encoder_is_refused(tmp_path):
    few = fit_naming(np.eye(6), ["cup", "lemon"] * 3, {kind: SENTENCES[kind] for kind in ("cup", "lemon")})
    add_naming(SHIPPED, few, tmp_path / "p.safetensors")
    with pytest.raises(CheckpointLayoutError, match="naming reads 6 numbers, not"):
        load_prior(tmp_path / "p.safetensors")


def test_kinds_of_other_peoples_videos_are_named_by_what_was_said_there():
    rng = np.random.default_rng(0)
    size = load_prior().config.model.image_size
    crops = np.concatenate([np.full((6, size, size, 3), shade, np.uint8) for shade in (40, 200)])
    columns = {
        "crop": crops + rng.integers(0, 9, crops.shape, dtype=np.uint8),
        "kind": np.array(["kettle"] * 6 + ["cup"] * 6),
        "text": np.array(["fill the kettle"] * 6 + ["pour the cup"] * 6),
    }
    naming = naming_of(load_prior(), Samples(columns))
    assert naming.kinds[int(naming.means("take the kettle").argmax())] == "kettle"
