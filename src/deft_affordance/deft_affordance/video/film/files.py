"""A take's detections as the published detectors file them: beside any data set's videos."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_affordance.video.detectors import rle
from deft_affordance.video.detectors.detic import FILE
from deft_affordance.video.detectors.frankmocap import ENDING
from deft_affordance.video.detectors.protocols import Seen, mask_box
from deft_affordance.video.film.take import Take
from deft_affordance.video.film.tracked import VISIBLE, openpose, ragged
from deft_affordance.video.wire import WireFrame, WireHand, WireObject, serialize
from deft_core.geometry import Array

# Stands for MANO's mean hand, which is not ours to ship: our own template, a little curled.
MEAN_POSE = np.tile([0.0, 0.0, 0.15], 15)
IMAGE = "frame_{:010d}"


def write_video(path: Path, color: NDArray[np.uint8], fps: float) -> None:
    """Write frames (T, H, W, 3) RGB as MPEG-4."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.stem + ".part.mp4")
    height, width = color.shape[1:3]
    writer = cv2.VideoWriter(str(part), cv2.VideoWriter.fourcc(*"mp4v"), fps, (width, height))
    if not writer.isOpened():
        raise OSError(f"{part}: this OpenCV cannot write mp4 videos")
    for frame in color:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    part.replace(path)


def write_epic_hands(path: Path, video_id: str, seen: list[Seen], size: tuple[int, int]) -> None:
    """EPIC-KITCHENS-100's hand-object pickle of one video."""
    scale = np.array([size[0], size[1]] * 2, dtype=float)
    messages = []
    for k, frame in enumerate(seen):
        hands = []
        for hand in frame.hands:
            box = np.clip(np.array(hand.box) / scale, 0.0, 1.0)
            at = (box[:2] + box[2:]) / 2 if hand.object_at is None else np.array(hand.object_at) / scale[:2]
            x, y = np.clip(at - (box[:2] + box[2:]) / 2, -1.0, 1.0)
            state, side = 3 if hand.touches else 0, 1 if hand.side == "right" else 0
            hands.append(WireHand(tuple(box), hand.score, state, (x, y), side))
        things = [WireObject(tuple(np.clip(np.array(t.box) / scale, 0.0, 1.0)), t.score) for t in frame.things]
        messages.append(serialize(WireFrame(video_id, k + 1, tuple(hands), tuple(things))))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(messages))


def write_det_dir(folder: Path, seen: list[Seen]) -> None:
    """100DOH's own --det_dir JSON, one an image, numbered from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, frame in enumerate(seen):
        hands = []
        for hand in frame.hands:
            x, y = (hand.box[0] + hand.box[2]) / 2, (hand.box[1] + hand.box[3]) / 2
            away = np.zeros(2) if hand.object_at is None else np.array(hand.object_at) - [x, y]
            length = float(np.hypot(*away))
            unit = away / max(length, 1e-9)
            side = 1.0 if hand.side == "right" else 0.0
            hands.append([*hand.box, hand.score, 3.0 if hand.touches else 0.0, length / 10_000.0, *unit, side])
        things = [[*thing.box, thing.score, 0.0, 0.0, 0.0, 0.0, 0.0] for thing in frame.things]
        content = {"hand_dets": hands or None, "obj_dets": things or None}
        (folder / f"{IMAGE.format(k + 1)}.json").write_text(json.dumps(content), encoding="utf-8")


def write_detic(folder: Path, take: Take, rng: np.random.Generator) -> None:
    """Detic's COCO results of one video: the object where enough of it is seen."""
    instances = []
    for k, mask in enumerate(take.thing):
        found = ragged(mask, rng) if mask.sum() >= VISIBLE else mask
        if not found.any():
            continue
        x0, y0, x1, y1 = mask_box(found)
        instances.append(
            {
                "image_id": k + 1,
                "category_id": 344,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "score": 0.8,
                "segmentation": rle.encode(found),
            }
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps(instances), encoding="utf-8")


def write_frankmocap(folder: Path, take: Take, seen: list[Seen]) -> None:
    """FrankMocap's pickles of one video, for the frames where the hand is seen."""
    (folder / "mocap").mkdir(parents=True, exist_ok=True)
    for k, frame in enumerate(seen):
        if not frame.hands:
            continue
        name = "right_hand" if frame.hands[0].side == "right" else "left_hand"
        pose = np.concatenate([take.mano[k, :3], take.mano[k, 3:] - MEAN_POSE]).astype(np.float32)
        points = np.column_stack([openpose(take.keypoints[k]), np.zeros(21)]).astype(np.float32)
        hand = {"pred_hand_pose": pose[None], "pred_hand_betas": np.zeros((1, 10), np.float32),
                "pred_camera": np.ones(3, np.float32), "pred_joints_img": points}  # fmt: skip
        x0, y0, x1, y1 = frame.hands[0].box
        content = {
            "demo_type": "hand",
            "smpl_type": "smplx",
            "image_path": f"{IMAGE.format(k + 1)}.jpg",
            "body_bbox_list": [None],
            "hand_bbox_list": [{"left_hand": None, "right_hand": None} | {name: np.array([x0, y0, x1 - x0, y1 - y0])}],
            "save_mesh": False,
            "pred_output_list": [{"left_hand": {}, "right_hand": {}} | {name: hand}],
        }
        (folder / "mocap" / f"{IMAGE.format(k + 1)}{ENDING}").write_bytes(pickle.dumps(content))


def write_mean_pose(root: Path) -> Path:
    """The stand-in for MANO's mean hand, as the .npy file that the builder asks for."""
    path = root / "hands_mean.npy"
    np.save(path, MEAN_POSE)
    return path


def truth_of(take: Take) -> dict[str, object]:
    """What is true of a take, for the report; the builder never reads it."""

    def plain(values: Array) -> object:
        return np.round(values, 4).tolist()

    return {
        "contact": take.contact,
        "held": take.held_frame,
        "contacts_px": plain(take.contacts_px),
        "all_contacts_px": plain(take.all_contacts_px),
        "range_m": None if not np.isfinite(take.range_m) else round(take.range_m, 4),
        "focal_px": float(take.K[0, 0]),
        "wrist": plain(take.wrist_true),
        "mano": plain(take.mano_true),
    }
