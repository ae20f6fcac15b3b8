"""Hands and objects from output files of the 100DOH hand-object detector (Shan et al., CVPR 2020).

Two published forms: EPIC-KITCHENS-100's release (`PXX/hand-objects/PXX_YY.pkl`: a pickled list of serialized
protobuf messages, one a frame, boxes as shares of width and height), and the detector's own `--det_dir` (one JSON an
image: hand_dets and obj_dets, rows of box (4), score, state, offset (magnitude and unit vector), side). Thresholds are
those that EPIC's release recommends.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from deft_affordance.video import safe_pickle
from deft_affordance.video.detectors.protocols import Box, Hand, HandSide, Seen, Thing
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip
from deft_affordance.video.wire import WireFrame, parse

HAND_SCORE = OBJECT_SCORE = 0.5
# States: 0 none, 1 itself, 2 another person, 3 a portable, 4 a stationary object.
TOUCHES_OBJECT = (3, 4)
# In the detector's own files the offset's magnitude counts ten thousand pixels.
OFFSET_PX = 10_000.0


@lru_cache(maxsize=4)
def _messages(path: Path) -> list[bytes]:
    content = safe_pickle.load(path)
    if not isinstance(content, list) or not all(isinstance(item, bytes) for item in content):
        raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: no list of serialized detections (another version?)")
    return content


class EpicHands:
    """EPIC-KITCHENS-100's detections.

    Args:
        root: the folder of participants (`EPIC-KITCHENS`).
    """

    source = "100DOH, as released with EPIC-KITCHENS-100"

    def __init__(self, root: Path) -> None:
        self._root = root

    def detect(self, clip: Clip, frame: int, video: Video) -> Seen | None:
        """Detections of a frame (messages count extracted images, from 1; see readers.epic)."""
        path = self._root / clip.video_id.split("_")[0] / "hand-objects" / f"{clip.video_id}.pkl"
        messages = _messages(path)
        image = round(frame * clip.annotations.get("image_rate", clip.fps) / clip.fps)
        if image >= len(messages):
            return None
        found = self._parse(messages[image], path, image)
        if found.frame_number != image + 1:  # not one an image: look for it
            number = _numbers(path).get(image + 1)
            if number is None:
                return None
            found = self._parse(messages[number], path, image)
        width, height = video.size
        hands = tuple(
            Hand(
                _scaled(hand.box, width, height),
                hand.score,
                "right" if hand.side == 1 else "left",
                hand.state in TOUCHES_OBJECT,
                (
                    (hand.box[0] + hand.box[2]) / 2 * width + hand.offset[0] * width,
                    (hand.box[1] + hand.box[3]) / 2 * height + hand.offset[1] * height,
                ),
            )
            for hand in found.hands
            if hand.score >= HAND_SCORE
        )
        things = tuple(Thing(_scaled(t.box, width, height), t.score) for t in found.objects if t.score >= OBJECT_SCORE)
        return Seen(hands, things)

    def _parse(self, message: bytes, path: Path, frame: int) -> WireFrame:
        try:
            out = parse(message)
        except (ValueError, OverflowError) as error:  # WireError, or a state or side that is no whole number
            raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: frame {frame}: {error}") from None
        numbers = [v for hand in out.hands for v in (*hand.box, *hand.offset)] + [v for t in out.objects for v in t.box]
        if not np.isfinite(numbers).all() or any(not -1.0 <= v <= 1.0 for v in numbers):
            raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: frame {frame}: a box is no share of the image")
        return out


@lru_cache(maxsize=4)
def _numbers(path: Path) -> dict[int, int]:
    out = {}
    for i, message in enumerate(_messages(path)):
        try:
            out[parse(message).frame_number] = i
        except (ValueError, OverflowError) as error:
            raise ClipRejected(
                Reason.BAD_DETECTIONS, f"{path}: message {i}, of an unknown frame: {error}; fetch the file again"
            ) from None
    return out


def _scaled(box: Box, width: int, height: int) -> Box:
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


class DohFiles:
    """The detector's `--det_dir` files: FOLDER/<video id>/<image>.json, whose names end in the image's number.

    Args:
        folder: holds one folder a video.
        first_image: number of the image of frame 0 (1 as ffmpeg's image2 counts, 0 with -start_number 0).
    """

    source = "100DOH, --det_dir files"

    def __init__(self, folder: Path, first_image: int = 1) -> None:
        self._folder, self._first = folder, first_image

    def detect(self, clip: Clip, frame: int, video: Video) -> Seen | None:
        """Detections of a frame."""
        path = numbered(self._folder / clip.video_id, ".json").get(frame + self._first)
        if path is None:
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            hands = [_row(row, path) for row in content["hand_dets"] or []]
            things = [_row(row, path) for row in content["obj_dets"] or []]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ClipRejected(
                Reason.BAD_DETECTIONS, f"{path}: {error!r}: not the form of demo.py --det_dir (hand_dets, obj_dets)"
            ) from None
        return Seen(
            tuple(_hand(row) for row in hands if row[4] >= HAND_SCORE),
            tuple(Thing((row[0], row[1], row[2], row[3]), row[4]) for row in things if row[4] >= OBJECT_SCORE),
        )


def _row(row: Any, path: Path) -> list[float]:
    values = np.asarray(row, dtype=float)
    if values.shape != (10,) or not np.isfinite(values).all():
        raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: a row is no 10 finite numbers: {row}")
    return [float(v) for v in values]


def _hand(row: list[float]) -> Hand:
    x, y = (row[0] + row[2]) / 2, (row[1] + row[3]) / 2
    place = x + OFFSET_PX * row[6] * row[7], y + OFFSET_PX * row[6] * row[8]
    side: HandSide = "right" if row[9] >= 0.5 else "left"
    return Hand((row[0], row[1], row[2], row[3]), row[4], side, round(row[5]) in TOUCHES_OBJECT, place)


@lru_cache(maxsize=8)
def numbered(folder: Path, ending: str) -> dict[int, Path]:
    """Files of a folder by the number that their names end in ("frame_0000000123.json": 123).

    Raises:
        ClipRejected: no such folder.
    """
    if not folder.is_dir():
        raise ClipRejected(Reason.NO_DETECTIONS, f"{folder}: no such folder; run the detector on this video first")
    out: dict[int, Path] = {}
    for path in folder.iterdir():
        stem = path.name.removesuffix(ending)
        if stem == path.name:
            continue
        digits = stem[len(stem.rstrip("0123456789")) :]
        if digits:
            out[int(digits)] = path
    return out
