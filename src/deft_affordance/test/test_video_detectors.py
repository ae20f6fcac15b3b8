"""Detectors by file: each reads its published form, and says clearly what is wrong with anything else."""

import importlib.util
import io
import json
import os
import pickle
import struct
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from deft_affordance_flat_video import SIZE, FlatVideo, clip

from deft_affordance.video.choose import Choice
from deft_affordance.video.detectors.doh import DohFiles, EpicHands
from deft_affordance.video.detectors.frankmocap import FrankMocapFiles, load_mean_pose
from deft_affordance.video.detectors.models import MediaPipeHands, SamMasks, seen_from_landmarks
from deft_affordance.video.detectors.protocols import FROM_OPENPOSE, Hand
from deft_affordance.video.detectors.skin import SkinColor
from deft_affordance.video.detectors.tracks import TrackFiles
from deft_affordance.video.errors import ClipRejected, Reason, SourceUnusable
from deft_affordance.video.wire import WireFrame, WireHand, WireObject, serialize
from deft_core.clip import HandTrack
from deft_core.mano import hand_points


def write_epic(tmp_path, frames):
    path = tmp_path / "P01/hand-objects/P01_01.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps([frame if isinstance(frame, bytes) else serialize(frame) for frame in frames]))


def test_epic_detections_are_read_in_pixels(tmp_path):
    hand = WireHand((0.25, 0.25, 0.5, 0.75), 0.9, 3, (0.25, 0.125), 1)
    weak = WireHand((0.0, 0.0, 0.5, 0.5), 0.2, 0, (0.0, 0.0), 0)
    thing = WireObject((0.5, 0.5, 1.0, 1.0), 0.75)
    write_epic(tmp_path, [WireFrame("P01_01", n + 1, (hand, weak) if n == 1 else (), (thing,)) for n in range(3)])
    detector = EpicHands(tmp_path)
    seen = detector.detect(clip(tmp_path), 1, FlatVideo())
    (found,) = seen.hands
    assert found.box == (16.0, 12.0, 32.0, 36.0) and found.side == "right" and found.touches
    assert found.object_at == (24.0 + 16.0, 24.0 + 6.0)
    assert seen.things[0].box == (32.0, 24.0, 64.0, 48.0)
    assert detector.detect(clip(tmp_path), 0, FlatVideo()).hands == ()
    assert detector.detect(clip(tmp_path), 7, FlatVideo()) is None
    # Images extracted at twice the film's rate: frame 1 is image 3 of them.
    assert detector.detect(clip(tmp_path, annotations={"image_rate": 60.0}), 1, FlatVideo()).hands == ()
    slow = clip(tmp_path, fps=120.0, annotations={"image_rate": 60.0})
    assert len(detector.detect(slow, 2, FlatVideo()).hands) == 1


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ([b"\x07\x07"], "frame 0"),
        ([WireFrame("v", 2, (), ()), b"\x07\x07"], "message 1"),
        ([b"\x1a\x05\x1d" + struct.pack("<f", float("inf"))], "frame 0"),  # a hand whose state is no number
        ([WireFrame("v", 1, (WireHand((0.0, 0.0, 99.0, 1.0), 0.9, 3, (0.0, 0.0), 1),), ())], "no share"),
        ([WireFrame("v", 1, (WireHand((0.0, 0.0, float("nan"), 1.0), 0.9, 3, (0.0, 0.0), 1),), ())], "no share"),
    ],
)
def test_spoilt_epic_detections_say_where(tmp_path, frames, says):
    write_epic(tmp_path, frames)
    with pytest.raises(ClipRejected, match=says) as why:
        EpicHands(tmp_path).detect(clip(tmp_path), 0, FlatVideo())
    assert why.value.reason is Reason.BAD_DETECTIONS and "P01_01.pkl" in str(why.value)


def test_epic_detections_of_another_version_say_so(tmp_path):
    path = tmp_path / "P01/hand-objects/P01_01.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps({"hands": []}))
    with pytest.raises(ClipRejected, match="another version"):
        EpicHands(tmp_path).detect(clip(tmp_path), 0, FlatVideo())
    with pytest.raises(ClipRejected) as why:
        EpicHands(tmp_path).detect(clip(tmp_path, "P02_01"), 0, FlatVideo())
    assert why.value.reason is Reason.NO_DETECTIONS


def test_the_detectors_own_files_are_read(tmp_path):
    folder = tmp_path / "P01_01"
    folder.mkdir()
    row = [10, 10, 20, 30, 0.9, 3, 0.001, 0.6, 0.8, 1]
    (folder / "frame_0000000003.json").write_text(json.dumps({"hand_dets": [row], "obj_dets": None}))
    detector = DohFiles(tmp_path)
    (hand,) = detector.detect(clip(tmp_path), 2, FlatVideo()).hands
    assert hand.object_at == (15 + 6.0, 20 + 8.0) and hand.side == "right" and hand.touches
    assert detector.detect(clip(tmp_path), 0, FlatVideo()) is None
    for spoilt in ("{", "[]", json.dumps({"hand_dets": [row[:9]], "obj_dets": None}), '{"hand_dets": [[NaN]]}'):
        (folder / "frame_0000000003.json").write_text(spoilt)
        with pytest.raises(ClipRejected, match=r"frame_0000000003\.json") as why:
            detector.detect(clip(tmp_path), 2, FlatVideo())
        assert why.value.reason is Reason.BAD_DETECTIONS
    with pytest.raises(ClipRejected, match="run the detector"):
        detector.detect(clip(tmp_path, "other"), 2, FlatVideo())


def write_pose(tmp_path, content, image="frame_0000000001"):
    folder = tmp_path / "P01_01/mocap"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{image}_prediction_result.pkl").write_bytes(pickle.dumps(content))


def test_frankmocap_poses_are_counted_from_the_flat_hand(tmp_path):
    pose = np.linspace(-1, 1, 48, dtype=np.float32)[None]
    points = np.arange(63, dtype=np.float32).reshape(21, 3)
    hand = {"pred_hand_pose": pose, "pred_joints_img": points, "faces": None}
    write_pose(tmp_path, {"pred_output_list": [{"left_hand": None, "right_hand": hand}], "hand_bbox_list": []})
    mean = np.full(45, 0.25)
    found = FrankMocapFiles(tmp_path, mean).pose(clip(tmp_path), 0)
    np.testing.assert_allclose(found.wrist, pose[0, :3])
    np.testing.assert_allclose(found.mano, pose[0, 3:] + 0.25)
    np.testing.assert_array_equal(found.keypoints[-1], points[4, :2])  # the thumb's tip
    assert FrankMocapFiles(tmp_path, mean).pose(clip(tmp_path), 4) is None
    for nothing in (None, {}):  # its writer leaves an empty dictionary for a hand that was not seen
        write_pose(tmp_path, {"pred_output_list": [{"left_hand": hand, "right_hand": nothing}, None]})
        assert FrankMocapFiles(tmp_path, mean).pose(clip(tmp_path), 0) is None


def test_frankmocap_run_on_a_video_counts_from_0(tmp_path):
    for k in range(3):
        hand = {"pred_hand_pose": np.full((1, 48), float(k)), "pred_joints_img": np.zeros((21, 3))}
        write_pose(tmp_path, {"pred_output_list": [{"left_hand": {}, "right_hand": hand}]}, f"{k:05d}")
    poses = FrankMocapFiles(tmp_path, np.zeros(45))
    assert [poses.pose(clip(tmp_path), k).wrist[0] for k in range(3)] == [0.0, 1.0, 2.0]
    assert poses.pose(clip(tmp_path), 3) is None


def test_the_other_demos_of_frankmocap_are_told_apart(tmp_path):
    person = {"pred_body_pose": np.zeros((1, 72)), "pred_right_hand_pose": np.zeros((1, 45))}
    write_pose(tmp_path, {"demo_type": "frank", "pred_output_list": [person]})
    with pytest.raises(ClipRejected, match=r"demo_type 'frank'.*run demo_handmocap") as why:
        FrankMocapFiles(tmp_path, np.zeros(45)).pose(clip(tmp_path), 0)
    assert why.value.reason is Reason.BAD_DETECTIONS


@pytest.mark.parametrize(
    "content",
    [[], {"pred_output_list": [{"right_hand": {"pred_hand_pose": np.zeros(45)}}]},
     {"pred_output_list": [{"right_hand": {"pred_hand_pose": np.full(48, np.nan)}}]},
     {"pred_output_list": [{"right_hand": {"pred_hand_pose": np.zeros(48), "pred_joints_img": np.zeros((20, 3))}}]}],
)  # fmt: skip
def test_spoilt_frankmocap_files_say_where(tmp_path, content):
    write_pose(tmp_path, content)
    with pytest.raises(ClipRejected, match="_prediction_result") as why:
        FrankMocapFiles(tmp_path, np.zeros(45)).pose(clip(tmp_path), 0)
    assert why.value.reason is Reason.BAD_DETECTIONS


def test_any_tracker_s_archive_serves_as_poses(tmp_path):
    mano, points = np.full((6, 48), np.nan), np.full((6, 21, 2), np.nan)
    mano[2], points[2], mano[3] = np.linspace(-1, 1, 48), 7.0, 0.0
    video = clip(tmp_path)
    HandTrack(mano, points, "right").save(tmp_path / f"{video.video_id}.npz")
    poser = Choice(poses=tmp_path)._poses("epic")
    found = poser.pose(video, 2)
    np.testing.assert_allclose(np.concatenate([found.wrist, found.mano]), mano[2])
    assert found.keypoints.shape == (21, 2) and poser.pose(video, 3).keypoints is None
    assert poser.pose(video, 1) is None and poser.pose(video, 99) is None


@pytest.mark.parametrize("spoilt", ["left", "cut short", "says to be huge", "missing"])
def test_a_spoilt_archive_rejects_the_clip(tmp_path, spoilt):
    video = clip(tmp_path)
    path = tmp_path / f"{video.video_id}.npz"
    HandTrack(np.zeros((3, 48)), np.zeros((3, 21, 2)), "left" if spoilt == "left" else "right").save(path)
    if spoilt == "cut short":
        path.write_bytes(path.read_bytes()[:200])
    if spoilt == "says to be huge":
        with zipfile.ZipFile(path, "w") as archive:
            for name in ("mano", "keypoints_px", "side"):
                header = io.BytesIO()
                np.lib.format.write_array_header_1_0(
                    header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 48)}
                )
                archive.writestr(f"{name}.npy", header.getvalue())
    if spoilt == "missing":
        path.unlink()
    reason = {"left": Reason.LEFT_HAND_ONLY, "missing": Reason.NO_DETECTIONS}.get(spoilt, Reason.BAD_DETECTIONS)
    with pytest.raises(ClipRejected, match=path.name) as why:
        TrackFiles(tmp_path).pose(video, 0)
    assert why.value.reason is reason


def test_the_mean_hand_must_be_given(tmp_path):
    with pytest.raises(SourceUnusable, match=r"--mano-mean .*MANO_RIGHT\.pkl"):
        load_mean_pose(None)
    np.save(tmp_path / "mean.npy", np.zeros(44))
    with pytest.raises(SourceUnusable, match="45 finite numbers"):
        load_mean_pose(tmp_path / "mean.npy")
    with pytest.raises(SourceUnusable, match=r"gone\.npy"):
        load_mean_pose(tmp_path / "gone.npy")


def test_openposes_points_come_into_our_order():
    ours = hand_points(np.zeros(45))
    openpose = np.empty_like(ours)
    openpose[FROM_OPENPOSE] = ours
    # Along each finger, from the wrist outwards: thumb first, little finger last, as the 20 points follow each other.
    lengths = np.linalg.norm(np.diff(openpose[1:].reshape(5, 4, 3), axis=1), axis=2)
    assert (lengths < 0.06).all()
    assert (np.diff(openpose[[5, 9, 13, 17], 2]) < 0).all()  # knuckles from the thumb's side to the little finger's
    assert sorted(FROM_OPENPOSE) == list(range(21))


def test_skin_is_found_inside_the_box_only(tmp_path):
    image = np.full((48, 64, 3), (70, 90, 160), np.uint8)
    image[5:45, 5:60] = (209, 158, 132)
    hand = Hand((10.0, 10.0, 30.0, 30.0), 1.0, "right", True)
    mask = SkinColor().hand_mask(clip(tmp_path), 0, FlatVideo(image), hand)
    assert mask.sum() == 400 and mask[10:30, 10:30].all()
    out = Hand((-20.0, -20.0, -5.0, -5.0), 1.0, "right", True)
    assert not SkinColor().hand_mask(clip(tmp_path), 0, FlatVideo(image), out).any()


def test_networks_that_are_not_installed_say_what_to_type(tmp_path):
    for module, make, says in (
        ("mediapipe", lambda: MediaPipeHands(tmp_path / "hand_landmarker.task"), "pip install --no-deps mediapipe"),
        ("segment_anything", lambda: SamMasks(tmp_path / "sam_vit_b.pth"), "--sam: .* segment-anything torchvision"),
    ):
        if importlib.util.find_spec(module) is None:
            with pytest.raises(SourceUnusable, match=says):
                make()


def landmarks(*sides):
    """A HandLandmarkerResult: 21 points in shares of the image."""
    marks = [SimpleNamespace(x=0.25 + 0.01 * i, y=0.5) for i in range(21)]
    named = [[SimpleNamespace(category_name=side, score=0.9)] for side in sides]
    return SimpleNamespace(handedness=named, hand_landmarks=[marks] * len(sides))


def test_landmarks_become_hands_that_touch_nobody_knows_what():
    right, left = seen_from_landmarks(landmarks("Right", "Left"), SIZE).hands
    assert (right.side, left.side) == ("right", "left") and right.touches is None
    # The outline lies a tenth of the longer side outside the landmarks.
    assert right.box == pytest.approx((16.0 - 1.28, 24.0 - 1.28, 28.8 + 1.28, 24.0 + 1.28))


def test_a_hand_at_the_edge_keeps_its_box_in_the_image():
    result = landmarks("Right")
    result.hand_landmarks[0][0] = SimpleNamespace(x=-0.1, y=1.2)
    (hand,) = seen_from_landmarks(result, SIZE).hands
    assert hand.box[0] == 0.0 and hand.box[3] == SIZE[1]


class Landmarker:
    """Stands in for MediaPipe's, as versions 0.10.14 to 1.2.3 behave: strict about time, and talkative on stderr."""

    made: ClassVar[list["Landmarker"]] = []

    def __init__(self, options):
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        if not Path(options["base_options"]["model_asset_path"]).read_bytes().startswith(b"PK"):
            raise RuntimeError("Unable to open zip archive.")
        self.options, self.stamps, self.images, self.open = options, [], [], True
        Landmarker.made.append(self)

    def detect_for_video(self, image, stamp_ms):
        assert self.open and image["data"].flags.c_contiguous and isinstance(stamp_ms, int)
        if self.stamps and stamp_ms <= self.stamps[-1]:
            raise ValueError("Input timestamp must be monotonically increasing.")
        os.write(2, b"W0000 landmark_projection_calculator.cc\n")
        self.stamps.append(stamp_ms)
        self.images.append(image)
        return landmarks("Right")

    def close(self):
        os.write(2, b"INFO: DestroyAccelerator\n")
        self.open = False


@pytest.fixture
def mediapipe(monkeypatch, tmp_path):
    """A stand-in for the package, and a file that passes for a model."""
    vision = SimpleNamespace(
        HandLandmarkerOptions=dict,
        RunningMode=SimpleNamespace(VIDEO="VIDEO"),
        HandLandmarker=SimpleNamespace(create_from_options=Landmarker),
    )
    package = SimpleNamespace(Image=dict, ImageFormat=SimpleNamespace(SRGB="SRGB"))
    for name, module in (("", package), (".tasks", None), (".tasks.python", SimpleNamespace(BaseOptions=dict)),
                         (".tasks.python.vision", vision)):  # fmt: skip
        monkeypatch.setitem(sys.modules, f"mediapipe{name}", module)
    monkeypatch.setattr(Landmarker, "made", [])
    (tmp_path / "hand_landmarker.task").write_bytes(b"PK")
    return tmp_path / "hand_landmarker.task"


def test_the_landmarker_follows_a_clip_and_begins_anew_with_the_next(mediapipe, tmp_path, capfd):
    detector, video = MediaPipeHands(mediapipe), FlatVideo(np.full((48, 64, 3), (200, 100, 0), np.uint8))
    one = clip(tmp_path)
    for frame in (30, 31, 32, 30):  # the first again, for the camera's motion
        assert detector.detect(one, frame, video).hands[0].side == "right"
    first = Landmarker.made[-1]
    assert first.options["running_mode"] == "VIDEO" and first.stamps == [1000, 1033, 1067]
    assert first.images[0]["image_format"] == "SRGB" and first.images[0]["data"][0, 0].tolist() == [200, 100, 0]
    detector.detect(clip(tmp_path, clip_id="b"), 2, video)
    assert not first.open and Landmarker.made[-1].stamps == [67]
    detector.detect(one, 30, FlatVideo())  # the same clip opened again: nothing is kept from before
    assert Landmarker.made[-1].stamps == [1000]
    del detector
    assert not any(landmarker.open for landmarker in Landmarker.made)
    # What it has to say once the first hand was found is left alone.
    assert "INFO" not in capfd.readouterr().err


def test_a_file_that_is_no_landmarker_is_named(mediapipe, tmp_path, capfd):
    mediapipe.write_bytes(b"cut short")
    with pytest.raises(SourceUnusable, match=r"--landmarker .*hand_landmarker\.task: .*Unable to open zip archive"):
        MediaPipeHands(mediapipe)
    with pytest.raises(SourceUnusable, match=r"--landmarker: no file .*none\.task"):
        MediaPipeHands(tmp_path / "none.task")
    assert capfd.readouterr().err == ""
