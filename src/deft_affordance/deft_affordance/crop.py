"""The square window around an object that the prior looks at: the same for training images and for the robot's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from deft_core.geometry import Array

# The window's side over the longer side of the object's box: some table around the object.
MARGIN = 1.35


@dataclass(frozen=True)
class Crop:
    """A square window of an image: left and top (may lie outside), and side, pixels."""

    left: int
    top: int
    side: int

    @classmethod
    def around(cls, box: tuple[int, int, int, int], margin: float = MARGIN) -> Crop:
        """The window around an object's box (x, y, width, height)."""
        x, y, w, h = box
        side = max(8, round(margin * max(w, h)))
        return cls(round(x + w / 2 - side / 2), round(y + h / 2 - side / 2), side)

    def cut(self, rgb: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """The window's pixels at (size, size, 3); what lies outside the image repeats its border."""
        height, width = rgb.shape[:2]
        rows = np.clip(np.arange(self.top, self.top + self.side), 0, height - 1)
        columns = np.clip(np.arange(self.left, self.left + self.side), 0, width - 1)
        window = rgb[np.ix_(rows, columns)]
        mode = cv2.INTER_AREA if self.side > size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(window, (size, size), interpolation=mode), dtype=np.uint8)

    def to_unit(self, pixels: ArrayLike) -> Array:
        """Image pixels (..., 2) to the window's [0, 1] x [0, 1]; pixel centres are whole numbers."""
        return (np.asarray(pixels, dtype=float) + 0.5 - [self.left, self.top]) / self.side

    def to_pixels(self, unit: ArrayLike) -> Array:
        """Inverse of `to_unit`."""
        return np.asarray(unit, dtype=float) * self.side + [self.left, self.top] - 0.5

    def from_corner(self, heat: NDArray[np.floating]) -> tuple[tuple[int, int, int, int], NDArray[np.floating]]:
        """The window without what lies left of the image or above it, and the part of a heatmap (h, w) that is on it.

        Whole cells of the map are left out; the window (x, y, width, height) begins where the first that stays does.
        """
        corner, cells = np.array([self.left, self.top]), np.array(heat.shape[::-1])
        out = np.ceil(np.maximum(-corner, 0) * cells / self.side).astype(int)
        x, y = (int(v) for v in np.rint(corner + out * self.side / cells))
        return (x, y, self.left + self.side - x, self.top + self.side - y), heat[out[1] :, out[0] :]


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Bounding box (x, y, width, height) of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        raise ValueError("the mask is empty")
    return int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)
