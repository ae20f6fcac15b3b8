"""Masks by file: COCO run lengths, Detic's results, HOI4D's labels, poses and depth."""

import json
import pickle
import tracemalloc

import cv2
import numpy as np
import pytest
from deft_affordance_flat_video import FlatVideo, clip
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deft_affordance.video.detectors import rle
from deft_affordance.video.detectors.detic import DeticFiles
from deft_affordance.video.detectors.hoi4d import Hoi4dLabels, palette
from deft_affordance.video.errors import ClipRejected, Reason

masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40))


@settings(deadline=None)
@given(masks)
def test_run_length_masks_round_trip(mask):
    np.testing.assert_array_equal(rle.decode(rle.encode(mask)), mask)


def test_run_length_text_is_cocos():
    # Runs of a 3x3 mask down the columns: 4 clear, 1 set, 4 clear; long runs take several characters.
    mask = np.zeros((3, 3), bool)
    mask[1, 1] = True
    assert rle.encode(mask)["counts"] == "414"
    big = np.zeros((100, 100), bool)
    big[10:60, 20:70] = True
    assert rle.decode({"size": [100, 100], "counts": [2010, *([50, 50] * 49), 50, 3040]}).sum() == big.sum()
    np.testing.assert_array_equal(rle.decode(rle.encode(big)), big)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=12))
def test_any_other_text_is_an_error_not_a_crash(text):
    try:
        mask = rle.decode({"size": [4, 4], "counts": text})
    except ValueError:
        return
    assert mask.shape == (4, 4)


def write_detic(tmp_path, *instances):
    (tmp_path / "P01_01").mkdir(exist_ok=True)
    (tmp_path / "P01_01/coco_instances_results.json").write_text(json.dumps(instances))
    # Files are read once a process; each case has a folder of its own.
    return DeticFiles(tmp_path)


def instance(mask, box, score=0.8):
    return {"image_id": 1, "category_id": 7, "bbox": box, "score": score, "segmentation": rle.encode(mask)}


def test_the_detic_mask_that_agrees_best_is_taken(tmp_path):
    mask, other = np.zeros((48, 64), bool), np.zeros((48, 64), bool)
    mask[10:30, 20:40], other[0:10, 0:10] = True, True
    masker = write_detic(tmp_path, instance(other, [0, 0, 10, 10]), instance(mask, [20, 10, 20, 20]))
    np.testing.assert_array_equal(masker.mask(clip(tmp_path), 0, FlatVideo(), (22, 11, 41, 31)), mask)
    assert masker.mask(clip(tmp_path), 0, FlatVideo(), (50, 40, 60, 48)) is None
    assert masker.mask(clip(tmp_path), 5, FlatVideo(), (22, 11, 41, 31)) is None


def test_detic_instances_are_found_wherever_they_lie_in_the_file(tmp_path):
    # Of several images, in any order, written wide, and longer than what is read at once.
    masks, rows = [], []
    for n in range(3):
        mask = np.zeros((48, 64), bool)
        mask[10 : 20 + n, 20:40] = True
        masks.append(mask)
        rows += [instance(mask, [20, 10, 20, 10 + n]) | {"image_id": 3 - n, "note": "é" * 400_000}]
        rows += [instance(~mask, [20, 10, 20, 10 + n], score=0.29) | {"image_id": 3 - n}]  # too low a score
    for indent, ascii_only in ((None, True), (1, True), (None, False)):
        folder = tmp_path / f"{indent} {ascii_only}/P01_01"
        folder.mkdir(parents=True)
        (folder / "coco_instances_results.json").write_text(
            json.dumps(rows, indent=indent, ensure_ascii=ascii_only), encoding="utf-8"
        )
        masker = DeticFiles(folder.parent)
        for n, mask in enumerate(masks):
            found = masker.mask(clip(tmp_path), 2 - n, FlatVideo(), (20, 10, 40, 20 + n))
            np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "'its end' at byte 0"), ("{}", r"'{' at byte 0, not \["), ("[1", r"byte 1: TypeError"),
     ('[{"image_id": 1, "bbox": [', "no whole item at byte 1"), ("[]]", "more after the list, at byte 2")],
)  # fmt: skip
def test_detic_files_cut_short_or_of_another_kind_say_where(tmp_path, text, says):
    masker = write_detic(tmp_path)
    (tmp_path / "P01_01/coco_instances_results.json").write_text(text)
    with pytest.raises(ClipRejected, match=says) as why:
        masker.mask(clip(tmp_path), 0, FlatVideo(), (20, 10, 40, 30))
    assert why.value.reason is Reason.BAD_DETECTIONS


def test_a_detic_file_of_no_reasonable_size_is_not_read(tmp_path):
    masker = write_detic(tmp_path)
    with (tmp_path / "P01_01/coco_instances_results.json").open("r+b") as file:
        file.truncate((4 << 30) + 1)  # a hole: takes no room
    with pytest.raises(ClipRejected, match=r"4\.0 GiB, more than the 4 .* leave out instances of a score under 0\.3"):
        masker.mask(clip(tmp_path), 0, FlatVideo(), (20, 10, 40, 30))


def test_a_long_detic_file_takes_little_memory(tmp_path):
    mask = np.indices((48, 64)).sum(axis=0) % 7 < 3
    rows = [instance(mask, [0, 0, 64, 48]) | {"image_id": n // 5} for n in range(8000)]
    masker = write_detic(tmp_path, *rows)
    size = (tmp_path / "P01_01/coco_instances_results.json").stat().st_size
    tracemalloc.start()
    try:
        assert masker.mask(clip(tmp_path), 7, FlatVideo(), (0, 0, 64, 48)) is not None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 6_000_000 and peak < size  # whole, it took several times its size


def of_runs(runs):
    return instance(np.ones((48, 64), bool), [20, 10, 20, 20]) | {"segmentation": {"size": [48, 64], "counts": runs}}


@pytest.mark.parametrize(
    ("content", "reason", "says"),
    [
        (instance(np.zeros((48, 64), bool), [20, 10, 20, 20]), Reason.EMPTY_MASK, "mask is empty"),
        (instance(np.ones((10, 10), bool), [20, 10, 20, 20]), Reason.BAD_DETECTIONS, "the video has"),
        ({"image_id": 1}, Reason.BAD_DETECTIONS, "no list of COCO"),
        (instance(np.ones((48, 64), bool), [float("nan"), 0, 1, 1]), Reason.BAD_DETECTIONS, "bbox"),
        (of_runs([48 * 64]) | {"image_id": float("inf")}, Reason.BAD_DETECTIONS, "no list of COCO"),
        (of_runs([10**30]), Reason.BAD_DETECTIONS, "image 1"),
        (of_runs([[48 * 64]]), Reason.BAD_DETECTIONS, "do not fill"),
        (of_runs([2**62, 2**62, 2**62, 2**62, 48 * 64]), Reason.BAD_DETECTIONS, "do not fill"),
    ],
)
def test_spoilt_detic_files_say_where(tmp_path, content, reason, says):
    masker = write_detic(tmp_path, content)
    with pytest.raises(ClipRejected, match=says) as why:
        masker.mask(clip(tmp_path), 0, FlatVideo(), (20, 10, 40, 30))
    assert why.value.reason is reason


def hoi4d_clip(tmp_path):
    return clip(tmp_path, "ZY20210800001/H1/C2/N1/S1/s1/T1", annotations={"category": "C2"}, source="hoi4d")


def write_labels(tmp_path, labels, frame=0, tree="HOI4D_annotations", name="shift_mask"):
    folder = tmp_path / tree / "ZY20210800001/H1/C2/N1/S1/s1/T1/2Dseg" / name
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{frame:05d}.png"), palette()[labels][..., ::-1])


def test_hoi4d_masks_tell_hands_objects_and_touch(tmp_path):
    assert palette()[:4].tolist() == [[0, 0, 0], [128, 0, 0], [0, 128, 0], [128, 128, 0]]
    labels = np.zeros((48, 64), int)
    labels[10:20, 10:20], labels[10:20, 40:50] = 2, 1
    write_labels(tmp_path, labels)
    labels[10:20, 20:30] = 1
    write_labels(tmp_path, labels, 1)
    of = Hoi4dLabels(tmp_path)
    seen = of.detect(hoi4d_clip(tmp_path), 0, FlatVideo())
    assert not seen.hands[0].touches and seen.hands[0].side == "right"
    assert of.detect(hoi4d_clip(tmp_path), 1, FlatVideo()).hands[0].touches
    assert of.mask(hoi4d_clip(tmp_path), 0, FlatVideo(), (40, 10, 50, 20)).sum() == 100
    assert of.hand_mask(hoi4d_clip(tmp_path), 0, FlatVideo(), seen.hands[0]).sum() == 100
    assert of.detect(hoi4d_clip(tmp_path), 2, FlatVideo()) is None
    with pytest.raises(ClipRejected, match="neither mask nor shift_mask"):
        of.detect(clip(tmp_path, "ZY20210800001/H1/C2/N1/S1/s1/T2"), 0, FlatVideo())


def test_hoi4d_masks_that_fit_the_video_win_and_may_lie_beside_it(tmp_path):
    labels = np.zeros((48, 64), int)
    labels[10:20, 10:20] = 2
    write_labels(tmp_path, np.zeros_like(labels), tree=".", name="mask")
    write_labels(tmp_path, labels, tree=".")
    assert len(Hoi4dLabels(tmp_path).detect(hoi4d_clip(tmp_path), 0, FlatVideo()).hands) == 1


@pytest.mark.parametrize("tree", ["handpose/refinehandpose_right", "Hand_pose/handpose_right_hand"])
def test_hoi4d_poses_and_depth(tmp_path, tree):
    of, what = Hoi4dLabels(tmp_path), hoi4d_clip(tmp_path)
    with pytest.raises(ClipRejected, match=r"no hand poses.*refinehandpose_right") as why:
        of.pose(what, 0)
    assert why.value.reason is Reason.NO_DETECTIONS
    folder = tmp_path / tree / what.video_id
    folder.mkdir(parents=True)
    assert of.pose(what, 0) is None and of.depth(what, 0) is None
    content = {"poseCoeff": np.arange(48.0), "beta": np.zeros(10), "trans": np.zeros(3), "kps2D": np.ones((21, 2))}
    (folder / "0.pickle").write_bytes(pickle.dumps(content))
    np.testing.assert_array_equal(of.pose(what, 0).mano, np.arange(3.0, 48.0))
    one_number = content | {"poseCoeff": np.array([0.5], np.float32)}
    (folder / "2.pickle").write_bytes(pickle.dumps(one_number))
    assert of.pose(what, 2) is None
    (folder / "3.pickle").write_bytes(pickle.dumps(content | {"poseCoeff": np.zeros(45)}))
    with pytest.raises(ClipRejected, match=r"3\.pickle: poseCoeff \(48\)"):
        of.pose(what, 3)
    (folder / "1.pickle").write_bytes(pickle.dumps({"theta": 0}))
    with pytest.raises(ClipRejected, match=r"1\.pickle.*no HOI4D hand pose"):
        of.pose(what, 1)
    depth = tmp_path / "HOI4D_depth_video" / what.video_id / "align_depth"
    depth.mkdir(parents=True)
    cv2.imwrite(str(depth / "00000.png"), np.array([[0, 1500]], np.uint16))
    found = of.depth(what, 0)
    assert np.isnan(found[0, 0]) and found[0, 1] == 1.5
    cv2.imwrite(str(depth / "00001.png"), np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ClipRejected, match="16-bit depth"):
        of.depth(what, 1)
    beside = tmp_path / what.video_id / "align_depth"
    beside.mkdir(parents=True)
    cv2.imwrite(str(beside / "00002.png"), np.array([[7999]], np.uint16))
    assert of.depth(what, 2)[0, 0] == pytest.approx(7.999)
