"""Ego4D's "Forecasting Hands & Objects" master file: `v2/annotations/fho_main.json` beside `v2/full_scale/*.mp4`.

Layout after the schema that the data set publishes (ego4d-data.org, "Annotation Schemas", fho_main.json):
videos[] > annotated_intervals[] > narrated_actions[], with `critical_frames` (frame numbers of the canonical video,
from 0) and `frames[].boxes[]` where hands and objects were boxed. Narrations begin with "#C C" for the camera wearer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from deft_affordance.video.errors import ClipRejected, Reason, Rejected, SourceUnusable
from deft_affordance.video.readers.files import find_file, load_json
from deft_affordance.video.record import Clip
from deft_affordance.video.words import clean_text, first_word, strip_speaker

PLACES = tuple(f"{folder}annotations/fho_main.json" for folder in ("v2/", "", "v1/"))
# From 1.5 s before the pre-condition frame, as FHO's own "pre_45" (30 frames a second).
_STARTS = ("pre_45", "pre_frame")


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


def read_ego4d(root: Path) -> Iterator[Clip | Rejected]:
    """Every narrated action of fho_main.json under a root (the folder given to the `ego4d` downloader).

    Raises:
        SourceUnusable: no such file, or another of FHO's files in its place.
    """
    path = find_file(root, PLACES, "fho_main.json (ego4d --datasets full_scale annotations --benchmarks fho)")
    content = load_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("videos"), list):
        keys = sorted(content)[:6] if isinstance(content, dict) else type(content).__name__
        raise SourceUnusable(f"{path}: has no videos[] (found {keys}): not fho_main.json, or of another version")
    for v, video in enumerate(content["videos"]):
        try:
            uid, fps = str(video["video_uid"]), float(video["video_metadata"]["fps"])
            intervals = list(video["annotated_intervals"])
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            yield Rejected("ego4d", f"videos[{v}]", Reason.BAD_ANNOTATION, f"{path}: videos[{v}]: {error!r}")
            continue
        file = path.parent.parent / "full_scale" / f"{uid}.mp4"
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
                                clip_id, uid, file, fps)  # fmt: skip
                except ClipRejected as why:
                    yield Rejected("ego4d", clip_id, why.reason, str(why))


def _clip(content: Any, where: str, clip_id: str, uid: str, file: Path, fps: float) -> Clip:
    try:
        action = _Action.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: {name}: {first['msg']} (another version?)") from None
    if action.is_rejected or action.is_invalid_annotation or not action.is_valid_action:
        raise ClipRejected(Reason.REFUSED_BY_ANNOTATORS, f"{clip_id}: its annotators marked it as rejected or invalid")
    narration = strip_speaker(action.narration_text, clip_id)
    critical = {name: frame for name, frame in (action.critical_frames or {}).items() if frame is not None}
    start = next((critical[name] for name in _STARTS if name in critical), action.start_frame)
    stop = max(critical.get("post_frame", action.end_frame), critical.get("pnr_frame", 0)) + 1
    boxes = [
        {
            "frame": frame.frame_number,
            "type": box.object_type,
            "noun": box.structured_noun,
            "box": box.bbox.model_dump(),
        }
        for frame in action.frames or []
        for box in frame.boxes or []
    ]
    changed = next((b["noun"] for b in boxes if b["type"] == "object_of_change" and b["noun"]), "")
    text = clean_text(narration, clip_id)
    verb = first_word(action.structured_verb or "")
    return Clip(
        source="ego4d",
        clip_id=clip_id,
        video_id=uid,
        video=file,
        start=max(0, start),
        stop=stop,
        fps=fps,
        text=text,
        verb=verb if verb not in ("", "none", "other") else first_word(action.freeform_verb or text),
        noun=first_word(str(changed)),
        group=uid,
        annotations={"critical_frames": critical, "boxes": boxes},
    )
