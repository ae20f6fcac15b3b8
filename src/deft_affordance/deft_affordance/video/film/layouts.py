"""Takes filed as the published data sets are: EPIC-KITCHENS-100, HOI4D, Ego4D FHO."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import cv2
import numpy as np

from deft_affordance.video.detectors.hoi4d import palette
from deft_affordance.video.detectors.protocols import Seen, mask_box
from deft_affordance.video.film.files import (
    write_det_dir,
    write_detic,
    write_epic_hands,
    write_frankmocap,
    write_mean_pose,
    write_video,
)
from deft_affordance.video.film.take import Take
from deft_affordance.video.film.tracked import VISIBLE, openpose
from deft_affordance.video.readers.epic import NEEDED

Row = dict[str, object]


def _stamp(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds // 60) % 60:02d}:{seconds % 60:05.2f}"


def add_epic(root: Path, video_id: str, take: Take, seen: list[Seen], narration: str, rng: np.random.Generator) -> Row:
    """File a take as a video of EPIC-KITCHENS-100; returns the annotation table's row."""
    participant = video_id.split("_")[0]
    height, width = take.color.shape[1:3]
    write_video(root / participant / "videos" / f"{video_id}.MP4", take.color, take.fps)
    write_epic_hands(root / participant / "hand-objects" / f"{video_id}.pkl", video_id, seen, (width, height))
    write_detic(root / "detic" / video_id, take, rng)
    write_frankmocap(root / "frankmocap" / video_id, take, seen)
    write_mean_pose(root)
    # People start the segment about when the hand starts.
    first, last = round(0.5 * take.fps) + 1, len(take.color)
    verb, noun = narration.split()[0], narration.split()[-1]
    return {
        "narration_id": f"{video_id}_0",
        "participant_id": participant,
        "video_id": video_id,
        "narration_timestamp": _stamp((first - 1) / take.fps),
        "start_timestamp": _stamp((first - 1) / take.fps),
        "stop_timestamp": _stamp((last - 1) / take.fps),
        "start_frame": first,
        "stop_frame": last,
        "narration": narration,
        "verb": verb,
        "verb_class": 0,
        "noun": noun,
        "noun_class": 10,
        "all_nouns": f"['{noun}']",
        "all_noun_classes": "[10]",
    }


def write_epic_table(root: Path, rows: list[Row]) -> None:
    """EPIC_100_train.csv."""
    names = [*NEEDED[:3], "narration_timestamp", *NEEDED[3:], "all_nouns", "all_noun_classes"]
    with (root / "EPIC_100_train.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def add_hoi4d(root: Path, number: int, take: Take, event: str = "Pickup") -> str:
    """File a take as a sequence of HOI4D, a mug; returns the sequence's name."""
    sequence = f"ZY20210800001/H1/C2/N{number}/S1/s1/T1"
    write_video(root / "HOI4D_release" / sequence / "align_rgb/image.mp4", take.color, take.fps)
    notes = root / "HOI4D_annotations" / sequence
    for name in ("action", "2Dseg/mask"):
        (notes / name).mkdir(parents=True, exist_ok=True)
    duration = len(take.color) / take.fps
    events = [{"event": event, "startTime": 0.5, "endTime": duration}]
    (notes / "action/color.json").write_text(json.dumps({"info": {"duration": duration}, "events": events}))
    poses = root / "handpose/refinehandpose_right" / sequence
    depths = root / "HOI4D_depth_video" / sequence / "align_depth"
    poses.mkdir(parents=True, exist_ok=True)
    depths.mkdir(parents=True, exist_ok=True)
    for k in range(len(take.color)):
        labels = np.where(take.hand[k], 2, np.where(take.thing[k], 1, 0))
        cv2.imwrite(str(notes / f"2Dseg/mask/{k:05d}.png"), palette()[labels][..., ::-1])
        depth = np.where(np.isfinite(take.depth_m[k]), 1000 * take.depth_m[k], 0).astype(np.uint16)
        cv2.imwrite(str(depths / f"{k:05d}.png"), depth)
        if take.hand[k].sum() >= VISIBLE:
            pose = {"poseCoeff": take.mano[k].astype(np.float32), "beta": np.zeros(10, np.float32),
                    "trans": np.zeros(3, np.float32), "kps2D": openpose(take.keypoints[k])}  # fmt: skip
            (poses / f"{k}.pickle").write_bytes(pickle.dumps(pose))
    camera = root / "camera_params/ZY20210800001"
    camera.mkdir(parents=True, exist_ok=True)
    np.save(camera / "intrin.npy", take.K)
    return sequence


def add_ego4d(root: Path, uid: str, take: Take, seen: list[Seen], narration: str, rng: np.random.Generator) -> Row:
    """File a take as a video of Ego4D with one narrated action; returns its entry of fho_main.json's videos."""
    write_video(root / "v2/full_scale" / f"{uid}.mp4", take.color, take.fps)
    write_det_dir(root / "100doh" / uid, seen)
    write_detic(root / "detic" / uid, take, rng)
    write_frankmocap(root / "frankmocap" / uid, take, seen)
    write_mean_pose(root)
    last = len(take.color) - 1
    critical = {"pre_45": 0, "pre_30": 3, "pre_15": 6, "pre_frame": 8, "contact_frame": None, "pnr_frame": last - 2,
                "post_frame": last}  # fmt: skip
    x0, y0, x1, y1 = mask_box(take.thing[8])
    box = {"object_type": "object_of_change", "structured_noun": "cup_(cup,_mug)",
           "bbox": {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}}  # fmt: skip
    action = {
        "start_frame": 0,
        "end_frame": last,
        "narration_text": f"#C C {narration}",
        "is_valid_action": True,
        "is_partial": False,
        "is_rejected": False,
        "is_invalid_annotation": False,
        "structured_verb": "take_(pick,_grab,_get)",
        "critical_frames": critical,
        "frames": [{"frame_number": 8, "frame_type": "pre_frame", "boxes": [box]}],
    }
    interval = {"clip_uid": f"{uid}-clip", "start_sec": 0.0, "end_sec": last / take.fps, "narrated_actions": [action]}
    metadata = {"fps": take.fps, "num_frames": last + 1, "width": take.color.shape[2], "height": take.color.shape[1]}
    return {"video_uid": uid, "video_metadata": metadata, "annotated_intervals": [interval]}


def write_ego4d_table(root: Path, videos: list[Row]) -> None:
    """v2/annotations/fho_main.json."""
    path = root / "v2/annotations/fho_main.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"version": "2.0", "date": "", "description": "synthetic", "metadata": "", "videos": videos}
    path.write_text(json.dumps(content), encoding="utf-8")
