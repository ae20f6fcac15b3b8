"""Object masks from Detic's output files (Zhou et al., ECCV 2022).

Detic runs on detectron2, whose evaluators write `coco_instances_results.json`: a list of {image_id, category_id,
bbox [x, y, width, height], score, segmentation (COCO run-length)}. One such file a video is read, from
FOLDER/<video id>/, where image_id is the number of the image.
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from deft_affordance.video.detectors import rle
from deft_affordance.video.detectors.protocols import Box, Mask, mask_box, overlap
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip

FILE = "coco_instances_results.json"
MIN_SCORE = 0.3
# Where mask and detected box agree by less, they are of different objects.
MIN_OVERLAP = 0.3


@lru_cache(maxsize=4)
def _instances(path: Path) -> dict[int, list[dict[str, Any]]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ClipRejected(Reason.NO_DETECTIONS, f"{path}: {error.strerror or error}; run Detic first") from None
    except ValueError as error:
        raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: no whole JSON ({error})") from None
    out: dict[int, list[dict[str, Any]]] = defaultdict(list)
    try:
        for instance in content:
            box = np.asarray(instance["bbox"], dtype=float)
            if box.shape != (4,) or not np.isfinite(box).all():
                raise ValueError(f"bbox {instance['bbox']} is no [x, y, width, height]")
            if float(instance["score"]) >= MIN_SCORE:
                out[int(instance["image_id"])].append({"box": box, "segmentation": instance["segmentation"]})
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ClipRejected(
            Reason.BAD_DETECTIONS, f"{path}: {error!r}: no list of COCO instance results (detectron2)"
        ) from None
    return dict(out)


class DeticFiles:
    """Detic's masks by file.

    Args:
        folder: holds one folder a video.
        first_image: image_id of frame 0.
    """

    source = f"Detic, {FILE}"

    def __init__(self, folder: Path, first_image: int = 1) -> None:
        self._folder, self._first = folder, first_image

    def mask(self, clip: Clip, frame: int, video: Video, box: Box) -> Mask | None:
        """The instance that agrees best with a box."""
        path = self._folder / clip.video_id / FILE
        best, chosen = MIN_OVERLAP, None
        for instance in _instances(path).get(frame + self._first, []):
            x, y, w, h = (float(v) for v in instance["box"])
            if (score := overlap((x, y, x + w, y + h), box)) >= best:
                best, chosen = score, instance
        if chosen is None:
            return None
        try:
            out = rle.decode(chosen["segmentation"])
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: image {frame + self._first}: {error!r}") from None
        if out.shape != video.size[::-1]:
            raise ClipRejected(
                Reason.BAD_DETECTIONS, f"{path}: a mask of {out.shape}, the video has {video.size[::-1]}: of another?"
            )
        if not out.any():
            raise ClipRejected(Reason.EMPTY_MASK, f"{path}: image {frame + self._first}: the object's mask is empty")
        return out if overlap(mask_box(out), box) > 0 else None
