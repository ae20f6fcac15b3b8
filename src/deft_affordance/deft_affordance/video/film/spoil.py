"""Takes that a builder must turn down, each for one known reason, filed beside the good ones."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from deft_affordance.video.detectors.detic import FILE
from deft_affordance.video.detectors.protocols import Seen
from deft_affordance.video.errors import Reason
from deft_affordance.video.film.layouts import Row, add_epic
from deft_affordance.video.film.take import Take
from deft_affordance.video.film.tracked import detections, left, mirrored

PARTICIPANT = "P90"


class _Hostile:
    """Pickles as a command."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("echo this must never run",)


def _video(root: Path, name: str) -> Path:
    return root / PARTICIPANT / "videos" / f"{name}.MP4"


def _hands(root: Path, name: str) -> Path:
    return root / PARTICIPANT / "hand-objects" / f"{name}.pkl"


def _cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


def _empty_masks(path: Path) -> None:
    instances = json.loads(path.read_text())
    for instance in instances:
        height, width = instance["segmentation"]["size"]
        instance["segmentation"]["counts"] = [height * width]
    path.write_text(json.dumps(instances))


def _moved(take: Take, rng: np.random.Generator) -> Take:
    """Another room in the frames before the hand comes."""
    color = take.color.copy()
    color[:6] = rng.integers(0, 255, size=color[:6].shape, dtype=np.uint8)
    return replace(take, color=color)


def spoil_epic(root: Path, take: Take, miss: Take, rng: np.random.Generator) -> tuple[list[Row], dict[str, Reason]]:
    """File spoilt takes in EPIC-KITCHENS-100's layout.

    Args:
        root: of the data set.
        take: a good take; miss: one in which nothing is touched.
        rng: of the detectors' errors.

    Returns:
        Rows of the annotation table, and the reason that each must be turned down for.
    """
    rows: list[Row] = []
    expected: dict[str, Reason] = {}
    seen = detections(take, rng)

    def add(reason: Reason, what: Take = take, said: list[Seen] | None = None, text: str = "pick up cup") -> str:
        name = f"{PARTICIPANT}_{len(rows) + 1:02d}"
        rows.append(add_epic(root, name, what, seen if said is None else said, text, rng))
        expected[str(rows[-1]["narration_id"])] = reason
        return name

    def change(**columns: object) -> None:
        rows[-1] |= columns

    name = add(Reason.CORRUPT_VIDEO)
    _cut(_video(root, name), 0.5)
    name = add(Reason.NO_VIDEO)
    _video(root, name).unlink()
    name = add(Reason.BAD_DETECTIONS)
    _cut(_hands(root, name), 0.5)
    name = add(Reason.NO_DETECTIONS)
    _hands(root, name).unlink()
    name = add(Reason.UNSAFE_PICKLE)
    for path in (root / "frankmocap" / name / "mocap").iterdir():
        path.write_bytes(pickle.dumps(_Hostile()))
    add(Reason.LEFT_HAND_ONLY, mirrored(take), left(detections(mirrored(take), rng)))
    quiet = [Seen(tuple(replace(h, touches=False) for h in s.hands), s.things) for s in detections(miss, rng)]
    add(Reason.NO_CONTACT, miss, quiet)
    add(Reason.NO_HAND, take, [Seen((), s.things) for s in seen])
    name = add(Reason.NO_OBJECT)
    (root / "detic" / name / FILE).write_text("[]")
    name = add(Reason.EMPTY_MASK)
    _empty_masks(root / "detic" / name / FILE)
    name = add(Reason.NO_HAND_POSE)
    for path in (root / "frankmocap" / name / "mocap").iterdir():
        path.unlink()
    add(Reason.CAMERA_LOST, _moved(take, rng))
    start = take.contact + round(0.5 * take.fps) + 4
    add(Reason.CONTACT_FROM_START)
    change(start_frame=start, start_timestamp=_stamp((start - 1) / take.fps))
    add(Reason.TOO_SHORT)
    end = int(str(rows[-1]["start_frame"])) + 3
    change(stop_frame=end, stop_timestamp=_stamp((end - 1) / take.fps))
    add(Reason.NO_GRASP, text="look at cup")
    add(Reason.NO_LANGUAGE)
    change(narration="...")
    add(Reason.UNKNOWN_TEXT)
    change(narration="042 17")
    add(Reason.BAD_ANNOTATION)
    change(stop_frame=1)
    return rows, expected


def _stamp(seconds: float) -> str:
    return f"00:00:{seconds:05.2f}"
