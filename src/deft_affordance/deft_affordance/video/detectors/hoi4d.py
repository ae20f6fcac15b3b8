"""HOI4D's own labels as detectors: masks of hands and objects, hand poses, decoded depth.

2Dseg/mask (cameras 2 to 4: shift_mask) colours labels by the palette of the data set's utils/color_map.py; label 2 is
the right hand in every category, other hands by definitions/motion segmentation/label.csv. Hand poses (a pickle a
frame) are relative to the flat hand (manopth with flat_hand_mean=True) in the camera's axes; kps2D has manopth's order,
which is OpenPose's. Depth is read as the data set's utils/decode.py leaves it: 16-bit PNG, millimetres, 0 where nothing
was measured. Where each lies: `hoi4d_tree`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_affordance.video import safe_pickle
from deft_affordance.video.detectors.protocols import (
    FROM_OPENPOSE,
    Box,
    Hand,
    HandPose,
    Mask,
    Seen,
    Thing,
    mask_box,
    overlap,
)
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.frames import Video
from deft_affordance.video.hoi4d_tree import HAND_TREES, annotation_homes, depth_image, mask_folder, right_hand_folder
from deft_affordance.video.record import Clip
from deft_core.geometry import Array

RIGHT_HAND = 2
LEFT_HANDS = {"C8": 6, "C17": 6, "C20": 3}
LABELS = 7
MIN_PIXELS = 30
# A hand whose mask, grown by this share of the image's width, meets an object's touches it.
REACH = 0.004


def palette() -> NDArray[np.uint8]:
    """Colours (LABELS, 3) of the labels: bit k of a channel is bit 3k (red), 3k+1, 3k+2 of the label, highest first."""
    labels = np.arange(LABELS)
    colors = np.zeros((LABELS, 3), dtype=np.uint8)
    for bit in range(3):
        for channel in range(3):
            colors[:, channel] |= (((labels >> (3 * bit + channel)) & 1) << (7 - bit)).astype(np.uint8)
    return colors


class Hoi4dLabels:
    """Detector, masker, poser and depth reader of a HOI4D root in one."""

    source = "HOI4D's own labels"
    by_color = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def detect(self, clip: Clip, frame: int, video: Video) -> Seen | None:
        """Hands and objects as their masks show them."""
        labels = self._labels(clip, frame, video)
        if labels is None:
            return None
        hands_of = {RIGHT_HAND: "right", LEFT_HANDS.get(clip.annotations.get("category", ""), -1): "left"}
        width = video.size[0]
        kernel = np.ones((2 * max(1, round(REACH * width)) + 1,) * 2, np.uint8)
        masks = {n: labels == n for n in range(1, LABELS) if (labels == n).sum() >= MIN_PIXELS}
        things = {n: mask_box(mask) for n, mask in masks.items() if n not in hands_of}
        hands = []
        for n, side in hands_of.items():
            if n not in masks:
                continue
            grown = cv2.dilate(masks[n].astype(np.uint8), kernel) > 0
            shared = {t: int((grown & masks[t]).sum()) for t in things}
            best = max(shared, key=shared.__getitem__, default=None)
            touches = best is not None and shared[best] > 0
            at = None
            if best is not None and touches:
                box = things[best]
                at = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            hands.append(Hand(mask_box(masks[n]), 1.0, "right" if side == "right" else "left", touches, at))
        return Seen(tuple(hands), tuple(Thing(box, 1.0) for box in things.values()))

    def mask(self, clip: Clip, frame: int, video: Video, box: Box) -> Mask | None:
        """The object label that agrees best with a box."""
        labels = self._labels(clip, frame, video)
        if labels is None:
            return None
        hands = {0, RIGHT_HAND, LEFT_HANDS.get(clip.annotations.get("category", ""), 0)}
        masks = [labels == n for n in range(LABELS) if n not in hands and (labels == n).sum() >= MIN_PIXELS]
        if not masks:
            return None
        best = max(masks, key=lambda mask: overlap(mask_box(mask), box))
        return best if overlap(mask_box(best), box) >= 0.2 else None

    def hand_mask(self, clip: Clip, frame: int, video: Video, hand: Hand) -> Mask:
        """The right hand's label."""
        labels = self._labels(clip, frame, video)
        return np.zeros(video.size[::-1], dtype=bool) if labels is None else labels == RIGHT_HAND

    def pose(self, clip: Clip, frame: int) -> HandPose | None:
        """The right hand's pose."""
        folder = right_hand_folder(self._root, clip.video_id)
        if folder is None:
            raise ClipRejected(Reason.NO_DETECTIONS, f"{self._root}: no hand poses: none of {', '.join(HAND_TREES)}")
        path = folder / f"{frame}.pickle"
        if not path.is_file():
            return None
        content = safe_pickle.load(path)
        try:
            pose = np.asarray(content["poseCoeff"], dtype=float).reshape(-1)
            keypoints = np.asarray(content["kps2D"], dtype=float)[:, :2]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: {error!r}: no HOI4D hand pose") from None
        if pose.shape == (1,):  # a few of the released files hold one number for a pose: nothing was fitted there
            return None
        if pose.shape != (48,) or keypoints.shape != (21, 2) or not np.isfinite(np.append(pose, keypoints)).all():
            raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: poseCoeff (48) and kps2D (21, 2) must be finite")
        return HandPose(pose[:3], pose[3:], keypoints[FROM_OPENPOSE])

    def depth(self, clip: Clip, frame: int) -> Array | None:
        """Decoded depth, metres; None where the depth video was not decoded."""
        path = depth_image(self._root, clip.video_id, frame)
        if path is None:
            return None
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if image is None or image.dtype != np.uint16 or image.ndim != 2:
            raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: no 16-bit depth image; decode it again")
        return np.where(image > 0, image / 1000.0, np.nan)

    def _labels(self, clip: Clip, frame: int, video: Video) -> NDArray[np.uint8] | None:
        folder = mask_folder(self._root, clip.video_id)
        if folder is None:
            home = annotation_homes(self._root, clip.video_id)[0]
            raise ClipRejected(Reason.NO_DETECTIONS, f"{home / '2Dseg'}: neither mask nor shift_mask")
        return _read_labels(folder / f"{frame:05d}.png", video.size)


@lru_cache(maxsize=8)
def _read_labels(path: Path, size: tuple[int, int]) -> NDArray[np.uint8] | None:
    if not path.is_file():
        return None
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None or image.shape[1::-1] != size:
        raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: no image of the video's size {size}")
    colors = palette()
    # One number a colour, so that a table does the look-up.
    top = (np.asarray(image, dtype=np.uint8) >> 5).astype(np.uint16)
    codes = (top * np.array([1, 8, 64], dtype=np.uint16)).sum(axis=2)
    table = np.zeros(512, dtype=np.uint8)
    for label, color in enumerate(colors):
        r, g, b = (int(v) >> 5 for v in color)
        table[64 * r + 8 * g + b] = label
    return np.asarray(table[codes])
