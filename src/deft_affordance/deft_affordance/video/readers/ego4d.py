"""Ego4D's "Forecasting Hands & Objects" master file: `v2/annotations/fho_main.json` beside `v2/full_scale/*.mp4`.

Layout after the schema that the data set publishes (ego4d-data.org, "Annotation Schemas", fho_main.json):
videos[] > annotated_intervals[] > narrated_actions[], with `critical_frames` (frame numbers of the canonical video,
from 0) and `frames[].boxes[]` where hands and objects were boxed. Narrations begin with "#C C" for the camera wearer.

The films may be `v2/video_540ss/*.mp4` instead: the same, with 540 pixels on the short side (the downloader's list of
data sets). Canonical videos all have 30 frames a second ("Features" there), so frame numbers hold at either size. Boxes
are in pixels of `video_metadata.width` and `height`, and are brought to the film's. Where the smaller film has another
rate nonetheless, as one that was made anew, frames are brought to it by time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from deft_affordance.video.errors import ClipRejected, Reason, Rejected, SourceUnusable
from deft_affordance.video.frames import Video
from deft_affordance.video.readers.files import find_file, load_json
from deft_affordance.video.record import Clip
from deft_affordance.video.words import clean_text, first_word, strip_speaker

PLACES = tuple(f"{folder}annotations/fho_main.json" for folder in ("v2/", "", "v1/"))
# From 1.5 s before the pre-condition frame, as FHO's own "pre_45" (30 frames a second).
_STARTS = ("pre_45", "pre_frame")
FULL, SMALL = "full_scale", "video_540ss"
# What a container says of its rate is off by less than this share; 29.97 for 30 is off by twice as much.
_SAME_RATE = 5e-4
# Sides rounded to even pixels change a film's shape by less.
_SAME_SHAPE = 0.02


class _Model(BaseModel):
    # Later releases may add fields; what is asked for must be there and of its type.
    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class _Rectangle(_Model):
    x: float
    y: float
    width: float
    height: float


class _Box(_Model):
    object_type: str
    bbox: _Rectangle
    structured_noun: str | None = None


class _Frame(_Model):
    frame_number: int
    frame_type: str | None = None
    boxes: list[_Box] | None = None


class _Action(_Model):
    start_frame: int
    end_frame: int
    narration_text: str
    is_valid_action: bool = True
    is_rejected: bool
    is_invalid_annotation: bool
    structured_verb: str | None
    freeform_verb: str | None = None
    critical_frames: dict[str, int | None] | None
    frames: list[_Frame] | None


@dataclass(frozen=True)
class _Film:
    """The film that is there, and how what is annotated of the canonical video becomes its own."""

    file: Path
    fps: float
    rate: float = 1.0  # its frames for each of the canonical video's
    scale: tuple[float, float] | None = (1.0, 1.0)  # its pixels for each, across and down; None where unknown
    why: str = ""  # it is unknown

    def frame(self, number: int) -> int:
        """Number of the film's own frame."""
        return number if self.rate == 1.0 else round(max(-1, min(number, 10**12)) * self.rate)

    def box(self, box: _Rectangle) -> dict[str, float]:
        """A box in the film's own pixels."""
        across, down = self.scale or (1.0, 1.0)
        return {"x": box.x * across, "y": box.y * down, "width": box.width * across, "height": box.height * down}


def _film(folder: Path, uid: str, metadata: dict[str, Any]) -> _Film:
    full, small = (folder / size / f"{uid}.mp4" for size in (FULL, SMALL))
    fps = float(metadata["fps"])
    if full.is_file() or not small.is_file():
        # Neither is there: the message names the one of which others are.
        return _Film(full if full.parent.is_dir() or not small.parent.is_dir() else small, fps)
    try:
        with Video(small) as video:
            size, own = video.size, video.fps
    except ClipRejected:  # its clips will say so
        return _Film(small, fps)
    rate = own / fps if fps > 0 and own > 0 and abs(own / fps - 1.0) > _SAME_RATE else 1.0
    width, height = (metadata.get(side) for side in ("width", "height"))
    if not (isinstance(width, int) and isinstance(height, int) and 0 < width < 10**6 and 0 < height < 10**6):
        scale, why = None, f"video_metadata has no width and height of the canonical video ({width}, {height})"
    elif abs(size[0] * height / (size[1] * width) - 1.0) > _SAME_SHAPE:
        scale, why = None, f"its {size[0]} x {size[1]} is not the shape of {width} x {height}"
    else:
        scale, why = (size[0] / width, size[1] / height), ""
    return _Film(small, fps if rate == 1.0 else own, rate, scale, why)


def read_ego4d(root: Path) -> Iterator[Clip | Rejected]:
    """Every narrated action of fho_main.json under a root (the folder given to the `ego4d` downloader).

    Raises:
        SourceUnusable: no such file, or another of FHO's files in its place.
    """
    path = find_file(root, PLACES, f"fho_main.json (ego4d --datasets {FULL} annotations --benchmarks fho)")
    content = load_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("videos"), list):
        keys = sorted(content)[:6] if isinstance(content, dict) else type(content).__name__
        raise SourceUnusable(f"{path}: has no videos[] (found {keys}): not fho_main.json, or of another version")
    for v, video in enumerate(content["videos"]):
        try:
            uid, intervals = str(video["video_uid"]), list(video["annotated_intervals"])
            film = _film(path.parent.parent, uid, video["video_metadata"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            yield Rejected("ego4d", f"videos[{v}]", Reason.BAD_ANNOTATION, f"{path}: videos[{v}]: {error!r}")
            continue
        for i, interval in enumerate(intervals):
            try:
                actions = list(interval["narrated_actions"])
            except (KeyError, TypeError) as error:
                name = f"{path}: videos[{v}].annotated_intervals[{i}]: {error!r}"
                yield Rejected("ego4d", f"{uid}_{i}", Reason.BAD_ANNOTATION, name)
                continue
            for a, action in enumerate(actions):
                clip_id = f"{uid}_{i}_{a}"
                try:
                    yield _clip(action, f"{path}: videos[{v}].annotated_intervals[{i}].narrated_actions[{a}]",
                                clip_id, uid, film)  # fmt: skip
                except ClipRejected as why:
                    yield Rejected("ego4d", clip_id, why.reason, str(why))


def _clip(content: Any, where: str, clip_id: str, uid: str, film: _Film) -> Clip:
    try:
        action = _Action.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: {name}: {first['msg']} (another version?)") from None
    if action.is_rejected or action.is_invalid_annotation or not action.is_valid_action:
        raise ClipRejected(Reason.REFUSED_BY_ANNOTATORS, f"{clip_id}: its annotators marked it as rejected or invalid")
    narration = strip_speaker(action.narration_text, clip_id)
    critical = {name: film.frame(at) for name, at in (action.critical_frames or {}).items() if at is not None}
    start = next((critical[name] for name in _STARTS if name in critical), film.frame(action.start_frame))
    stop = max(critical.get("post_frame", film.frame(action.end_frame)), critical.get("pnr_frame", 0)) + 1
    boxes = [
        {
            "frame": film.frame(frame.frame_number),
            "type": box.object_type,
            "noun": box.structured_noun,
            "box": film.box(box.bbox),
        }
        for frame in action.frames or []
        for box in frame.boxes or []
    ]
    if boxes and film.scale is None:
        why = f"{where}: its boxes are of the canonical video, and cannot be brought to {film.file}: {film.why}"
        raise ClipRejected(Reason.BAD_ANNOTATION, why)
    changed = next((b["noun"] for b in boxes if b["type"] == "object_of_change" and b["noun"]), "")
    text = clean_text(narration, clip_id)
    verb = first_word(action.structured_verb or "")
    return Clip(
        source="ego4d",
        clip_id=clip_id,
        video_id=uid,
        video=film.file,
        start=max(0, start),
        stop=stop,
        fps=film.fps,
        text=text,
        verb=verb if verb not in ("", "none", "other") else first_word(action.freeform_verb or text),
        noun=first_word(str(changed)),
        group=uid,
        annotations={"critical_frames": critical, "boxes": boxes},
    )
