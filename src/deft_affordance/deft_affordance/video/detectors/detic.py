"""Object masks from Detic's output files (Zhou et al., ECCV 2022).

Detic runs on detectron2, whose evaluators write `coco_instances_results.json`: a list of {image_id, category_id,
bbox [x, y, width, height], score, segmentation (COCO run-length)}. One such file a video is read, from
FOLDER/<video id>/, where image_id is the number of the image. An hour's film has a million instances: of each is kept
where it lies in the file, and its mask is read from there.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deft_affordance.video.detectors import rle
from deft_affordance.video.detectors.json_list import item_at, items
from deft_affordance.video.detectors.protocols import Box, Mask, mask_box, overlap
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip

FILE = "coco_instances_results.json"
MIN_SCORE = 0.3
# Where mask and detected box agree by less, they are of different objects.
MIN_OVERLAP = 0.3


# An hour at 30 images a second with ten instances in each is a tenth of it.
MOST_BYTES = 4 << 30


@dataclass(frozen=True, eq=False)
class _Index:
    """A file's instances in the order of their images: images (n,), boxes (n, 4) as x, y, width, height, places (n, 2).

    A place is where in the file an instance begins, and how long it is, bytes.
    """

    images: NDArray[np.int64]
    boxes: NDArray[np.float64]
    places: NDArray[np.int64]

    def of(self, image: int) -> range:
        """Rows of an image's instances."""
        return range(int(np.searchsorted(self.images, image)), int(np.searchsorted(self.images, image, side="right")))


@lru_cache(maxsize=1)
def _index(path: Path) -> _Index:
    images, boxes, places = array("q"), array("d"), array("q")
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise ClipRejected(
                Reason.BAD_DETECTIONS,
                f"{path}: {size / 2**30:.1f} GiB, more than the {MOST_BYTES >> 30} that are read of one video; leave "
                f"out instances of a score under {MIN_SCORE}, which are not used (detectron2's SCORE_THRESH_TEST)",
            )
        for instance, start, length in items(path):
            try:
                image, box, score = _read(instance)
                if score >= MIN_SCORE:
                    images.append(image)
                    boxes.extend(box)
                    places.extend((start, length))
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise ClipRejected(
                    Reason.BAD_DETECTIONS,
                    f"{path}, byte {start}: {error!r}: no list of COCO instance results (detectron2)",
                ) from None
    except OSError as error:
        raise ClipRejected(Reason.NO_DETECTIONS, f"{path}: {error.strerror or error}; run Detic first") from None
    except ValueError as error:
        raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: no whole JSON list ({error})") from None
    found = _Index(
        np.asarray(images, dtype=np.int64),
        np.asarray(boxes, dtype=np.float64).reshape(-1, 4),
        np.asarray(places, dtype=np.int64).reshape(-1, 2),
    )
    if (np.diff(found.images) >= 0).all():
        return found
    order = np.argsort(found.images, kind="stable")
    return _Index(found.images[order], found.boxes[order], found.places[order])


def _read(instance: Any) -> tuple[int, list[float], float]:
    """Image, box and score of an instance that has a mask."""
    box = np.asarray(instance["bbox"], dtype=float)
    if box.shape != (4,) or not np.isfinite(box).all():
        raise ValueError(f"bbox {instance['bbox']} is no [x, y, width, height]")
    if "segmentation" not in instance:
        raise KeyError("segmentation")
    return int(instance["image_id"]), box.tolist(), float(instance["score"])


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
        index = _index(path)
        best, chosen = MIN_OVERLAP, None
        for row in index.of(frame + self._first):
            x, y, w, h = (float(v) for v in index.boxes[row])
            if (score := overlap((x, y, x + w, y + h), box)) >= best:
                best, chosen = score, row
        if chosen is None:
            return None
        try:
            out = rle.decode(item_at(path, *(int(v) for v in index.places[chosen]))["segmentation"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: image {frame + self._first}: {error!r}") from None
        if out.shape != video.size[::-1]:
            raise ClipRejected(
                Reason.BAD_DETECTIONS, f"{path}: a mask of {out.shape}, the video has {video.size[::-1]}: of another?"
            )
        if not out.any():
            raise ClipRejected(Reason.EMPTY_MASK, f"{path}: image {frame + self._first}: the object's mask is empty")
        return out if overlap(mask_box(out), box) > 0 else None
