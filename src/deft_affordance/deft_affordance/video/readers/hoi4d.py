"""HOI4D: `HOI4D_release/ZY*/H*/C*/N*/S*/s*/T*/align_rgb/image.mp4` with its annotations in trees beside it.

Layout after the data set's own instructions: HOI4D_annotations/<sequence>/{action/color.json, 2Dseg/mask}, where
cameras 2 to 4 have shift_mask; handpose/refinehandpose_right/<sequence>/<frame>.pickle;
camera_params/<camera>/intrin.npy; decoded depth in HOI4D_depth_video/<sequence>/align_depth/<frame>.png.
color.json comes in two forms: events[] with startTime/endTime and info.duration, or (dozens of sequences)
markResult.marks[] with hdTimeStart/hdTimeEnd and info.Duration. Every video has 300 frames, 15 a second; some
annotators' clocks ran over its 20 seconds in 10.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from deft_affordance.video.errors import ClipRejected, Reason, Rejected, SourceUnusable
from deft_affordance.video.hoi4d_tree import SEQUENCE, annotation_homes
from deft_affordance.video.record import Clip
from deft_core.geometry import Array

# C1 to C20 (the gaps are not defined; of the test set's list, 101 sequences are of C10, C15 and C16).
CATEGORIES = (
    *("", "toy car", "mug", "laptop", "storage furniture", "bottle", "safe", "bowl", "bucket", "scissors", ""),
    *("pliers", "kettle", "knife", "trash can", "", "", "lamp", "stapler", "", "chair"),
)
# What an event of color.json is in words, of the object; others are their own verb. HOI4D's names for events are rest,
# Reachout, Grasp, Pickup, carry, Carrywithbothhands, putdown, open, close, push, pull, Press, turn&on&the&switch, dump,
# cut, paper-cut, binding, go, Lookaround and Stop; what is cut with or bound with is the object.
PHRASES = {
    "pickup": "pick up the {}",
    "putdown": "put down the {}",
    "carrywithbothhands": "carry the {} with both hands",
    "turn&on&the&switch": "turn on the {}",
    "dump": "pour from the {}",
    "cut": "cut with the {}",
    "paper-cut": "cut paper with the {}",
    "binding": "staple paper with the {}",
}
# Verbs that are more than a word there.
VERBS = {"carrywithbothhands": "carry", "turn&on&the&switch": "turn", "paper-cut": "cut"}
LEAD_S = 0.5


@dataclass(frozen=True, eq=False)
class _Recording:
    """One sequence: its video, with the frames a second that it plays at, and the seconds of the annotators' clock."""

    sequence: str
    video: Path
    frames: int
    fps: float
    duration: float
    K: Array | None


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
            recording = _recording(root, sequence, video, duration)
        except ClipRejected as why:
            yield Rejected("hoi4d", sequence, why.reason, str(why))
            continue
        for e, event in enumerate(events):
            clip_id = f"{sequence}#{e}"
            try:
                yield _clip(event, f"{where}: event {e}", clip_id, recording)
            except ClipRejected as why:
                yield Rejected("hoi4d", clip_id, why.reason, str(why))


def _events(root: Path, sequence: str) -> tuple[list[tuple[Any, Any, Any]], float, Path]:
    places = annotation_homes(root, sequence)
    path = next((p / "action/color.json" for p in places if (p / "action/color.json").is_file()), None)
    if path is None:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{places[0]}: no action/color.json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if "events" in content:
            events = [(e["event"], e["startTime"], e["endTime"]) for e in content["events"]]
        else:
            events = [(e["event"], e["hdTimeStart"], e["hdTimeEnd"]) for e in content["markResult"]["marks"]]
        info = content["info"]
        duration = float(info["duration"] if "duration" in info else info["Duration"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{path}: {error!r}: neither of HOI4D's two forms") from None
    if not duration > 0:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{path}: duration is {duration}")
    if not events:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{path}: holds no events")
    return events, duration, path


def _recording(root: Path, sequence: str, video: Path, duration: float) -> _Recording:
    capture = cv2.VideoCapture(str(video))
    try:
        frames = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        fps = float(capture.get(cv2.CAP_PROP_FPS))
    finally:
        capture.release()
    if frames < 1:
        raise ClipRejected(Reason.CORRUPT_VIDEO, f"{video}: holds no frames; fetch it again")
    return _Recording(sequence, video, frames, fps, duration, _intrinsics(root, sequence))


def _intrinsics(root: Path, sequence: str) -> Array | None:
    path = root / "camera_params" / sequence.split("/")[0] / "intrin.npy"
    if not path.is_file():
        return None
    try:
        return np.asarray(np.load(path, allow_pickle=False), dtype=float)
    except (OSError, ValueError, EOFError, MemoryError) as error:  # MemoryError: of what says to be huge
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{path}: {error}") from None


def _clip(event: tuple[Any, Any, Any], where: str, clip_id: str, of: _Recording) -> Clip:
    name, begin, end = event
    parts = of.sequence.split("/")
    if not isinstance(name, str):
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: {name!r} is no name of an event")
    try:
        # Times are of the annotators' clock, which ran over the whole video in `duration`.
        start, stop = (int(float(at) * of.frames / of.duration) for at in (begin, end))
        noun = CATEGORIES[int(parts[2][1:])]
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: {error}") from None
    if not noun:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: {parts[2]} is no object class of HOI4D")
    said = "".join(name.lower().split())
    verb = VERBS.get(said, said)
    return Clip(
        source="hoi4d",
        clip_id=clip_id,
        video_id=of.sequence,
        video=of.video,
        start=max(0, start - round(LEAD_S * of.fps)),
        stop=min(of.frames, stop),
        fps=of.fps,
        text=PHRASES[said].format(noun) if said in PHRASES else f"{verb} the {noun}" if verb else "",
        verb=verb,
        noun=noun,
        group="/".join(parts[2:4]),
        K=of.K,
        annotations={"task": parts[-1], "category": parts[2]},
    )
