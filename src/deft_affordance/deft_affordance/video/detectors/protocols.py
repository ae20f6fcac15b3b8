"""What the builder asks of detectors, and the words they answer in. All pixels are x right, y down, centres whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip
from deft_core.geometry import Array

Mask = NDArray[np.bool_]
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in pixels

# OpenPose's 21 points (wrist, then four a finger from thumb to little finger; FrankMocap, MediaPipe and manopth, which
# HOI4D's labels were made with, use this order) put into ours: 16 joints and 5 tips, see `deft_core.mano`.
FROM_OPENPOSE = np.array([0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 8, 12, 20, 16, 4])


HandSide = Literal["right", "left"]


@dataclass(frozen=True)
class Hand:
    """A hand in a frame.

    Attributes:
        box: where.
        score: 0 to 1.
        side: whose.
        touches: whether it touches an object; None where the detector cannot tell.
        object_at: (x, y) where the object that it touches is thought to be.
    """

    box: Box
    score: float
    side: HandSide
    touches: bool | None
    object_at: tuple[float, float] | None = None


@dataclass(frozen=True)
class Thing:
    """An object in a frame."""

    box: Box
    score: float


@dataclass(frozen=True)
class Seen:
    """All hands and objects of one frame."""

    hands: tuple[Hand, ...]
    things: tuple[Thing, ...]


@dataclass(frozen=True, eq=False)
class HandPose:
    """A right hand's pose in the camera's optical frame.

    Attributes:
        wrist: (3,) rotation of the wrist, axis-angle.
        mano: (45,) pose relative to the flat hand, rad.
        keypoints: (21, 2) pixels in the order of `deft_core.mano`, or None.
    """

    wrist: Array
    mano: Array
    keypoints: Array | None


class HandObjectDetector(Protocol):
    """Finds hands and the objects that they touch."""

    source: str

    def detect(self, clip: Clip, frame: int, video: Video) -> Seen | None:
        """Everything in a frame; None where the frame was not looked at. Raises ClipRejected for bad files."""
        ...


class ObjectMasker(Protocol):
    """Finds an object's pixels."""

    source: str

    def mask(self, clip: Clip, frame: int, video: Video, box: Box) -> Mask | None:
        """(H, W) mask of the object that fills a box best; None where there is none."""
        ...


class HandMasker(Protocol):
    """Finds a hand's pixels; `by_color` says whether what stands still must yet be taken away."""

    source: str
    by_color: bool

    def hand_mask(self, clip: Clip, frame: int, video: Video, hand: Hand) -> Mask:
        """(H, W) mask of a hand."""
        ...


class HandPoser(Protocol):
    """Finds the right hand's pose."""

    source: str

    def pose(self, clip: Clip, frame: int) -> HandPose | None:
        """The pose in a frame; None where none was found. Raises ClipRejected for bad files."""
        ...


class DepthReader(Protocol):
    """Reads depth aligned to the images."""

    source: str

    def depth(self, clip: Clip, frame: int) -> Array | None:
        """(H, W) metres, NaN or 0 where nothing was measured; None where the clip has no depth."""
        ...


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return width * height / (areas - width * height)


def mask_box(mask: Mask) -> Box:
    """The box around a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        raise ValueError("the mask is empty")
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
