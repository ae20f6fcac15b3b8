"""HOI4D: `HOI4D_release/ZY*/H*/C*/N*/S*/s*/T*/align_rgb/image.mp4` with its annotations in trees beside it.

Layout after the data set's own instructions: HOI4D_annotations/<sequence>/{action/color.json, 2Dseg/mask}, where
cameras 2 to 4 have shift_mask; handpose/refinehandpose_right/<sequence>/<frame>.pickle;
camera_params/<camera>/intrin.npy; decoded depth in HOI4D_depth_video/<sequence>/align_depth/<frame>.png.
color.json comes in two forms: events[] with startTime/endTime and info.duration, or markResult.marks[] with
hdTimeStart/hdTimeEnd and info.Duration.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deft_affordance.video.errors import ClipRejected, Reason, Rejected, SourceUnusable
from deft_affordance.video.record import Clip
from deft_core.geometry import Array

# C1 to C20 (the gaps are unused).
CATEGORIES = (
    *("", "toy car", "mug", "laptop", "storage furniture", "bottle", "safe", "bowl", "bucket", "scissors", ""),
    *("pliers", "kettle", "knife", "trash can", "", "", "lamp", "stapler", "", "chair"),
)
# What an event of color.json is in words; others are taken as they are.
PHRASES = {"pickup": "pick up", "putdown": "put down", "dump": "pour from", "grasp": "grasp"}
SEQUENCE = "ZY*/H*/C*/N*/S*/s*/T*"
LEAD_S = 0.5


def read_hoi4d(root: Path) -> Iterator[Clip | Rejected]:
    """Every event of every sequence under a root.

    Raises:
        SourceUnusable: no sequences there.
    """
    release = root / "HOI4D_release" if (root / "HOI4D_release").is_dir() else root
    videos = sorted(release.glob(f"{SEQUENCE}/align_rgb/image.mp4"))
    if not videos:
        raise SourceUnusable(f"{root}: no HOI4D_release/{SEQUENCE}/align_rgb/image.mp4")
    for video in videos:
        sequence = video.parent.parent.relative_to(release).as_posix()
        try:
            events, duration, where = _events(root, sequence)
            frames, K = _frames(video), _intrinsics(root, sequence)
        except ClipRejected as why:
            yield Rejected("hoi4d", sequence, why.reason, str(why))
            continue
        for e, event in enumerate(events):
            clip_id = f"{sequence}#{e}"
            try:
                yield _clip(event, f"{where}: event {e}", clip_id, sequence, video, frames, duration, K)
            except ClipRejected as why:
                yield Rejected("hoi4d", clip_id, why.reason, str(why))


def _events(root: Path, sequence: str) -> tuple[list[tuple[Any, Any, Any]], float, Path]:
    places = [root / "HOI4D_annotations" / sequence, root / sequence, root / "HOI4D_release" / sequence]
    path = next((p / "action/color.json" for p in places if (p / "action/color.json").is_file()), None)
    if path is None:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{places[0]}: no action/color.json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if "events" in content:
            events = [(e["event"], e["startTime"], e["endTime"]) for e in content["events"]]
            duration = float(content["info"]["duration"])
        else:
            events = [(e["event"], e["hdTimeStart"], e["hdTimeEnd"]) for e in content["markResult"]["marks"]]
            duration = float(content["info"]["Duration"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{path}: {error!r}: neither of HOI4D's two forms") from None
    if not duration > 0:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{path}: duration is {duration}")
    return events, duration, path


def _frames(video: Path) -> int:
    capture = cv2.VideoCapture(str(video))
    try:
        frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
    finally:
        capture.release()
    if frames < 1:
        raise ClipRejected(Reason.CORRUPT_VIDEO, f"{video}: holds no frames; fetch it again")
    return frames


def _intrinsics(root: Path, sequence: str) -> Array | None:
    path = root / "camera_params" / sequence.split("/")[0] / "intrin.npy"
    if not path.is_file():
        return None
    try:
        return np.asarray(np.load(path, allow_pickle=False), dtype=float)
    except (OSError, ValueError, EOFError) as error:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{path}: {error}") from None


def _clip(
    event: tuple[Any, Any, Any],
    where: str,
    clip_id: str,
    sequence: str,
    video: Path,
    frames: int,
    duration: float,
    K: Array | None,
) -> Clip:
    name, begin, end = event
    parts = sequence.split("/")
    try:
        # Times are seconds of the recording, whatever rate the video plays at.
        rate = frames / duration
        start, stop = int(float(begin) * rate), int(float(end) * rate)
        noun = CATEGORIES[int(parts[2][1:])]
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: {error}") from None
    if not noun:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: {parts[2]} is no object class of HOI4D")
    verb = "".join(str(name).lower().split())
    return Clip(
        source="hoi4d",
        clip_id=clip_id,
        video_id=sequence,
        video=video,
        start=max(0, start - round(LEAD_S * rate)),
        stop=min(frames, stop),
        fps=rate,
        text=f"{PHRASES.get(verb, verb)} the {noun}" if verb else "",
        verb=verb,
        noun=noun,
        group="/".join(parts[2:4]),
        K=K,
        annotations={"task": parts[-1], "category": parts[2]},
    )
