"""A camera's intrinsics."""

from dataclasses import dataclass

import numpy as np

from deft_core.geometry import Array


@dataclass(frozen=True)
class Pinhole:
    """An ideal pinhole with square pixels and its principal point in the middle.

    Pixel (0, 0) is the centre of the upper left pixel.
    """

    width: int
    height: int
    focal_px: float

    @property
    def K(self) -> Array:
        """Intrinsic matrix (3, 3), pixels."""
        f = self.focal_px
        return np.array([[f, 0, (self.width - 1) / 2], [0, f, (self.height - 1) / 2], [0, 0, 1.0]])

    @property
    def fovy_deg(self) -> float:
        """Vertical field of view, degrees."""
        return float(np.degrees(2 * np.arctan(self.height / 2 / self.focal_px)))

    def rays(self) -> Array:
        """Directions (height, width, 3) in the optical frame, with z = 1."""
        v, u = np.mgrid[0 : self.height, 0 : self.width].astype(float)
        K = self.K
        return np.stack([(u - K[0, 2]) / K[0, 0], (v - K[1, 2]) / K[1, 1], np.ones_like(u)], axis=-1)


# Intel RealSense D435 at 640x480 (data sheet 337029, table "field of view": colour 69 x 42 degrees at 16:9, cropped
# to 4:3; depth 74 x 62 degrees at 4:3): the values its factory calibration typically reports.
D435_COLOR = Pinhole(640, 480, 615.0)
D435_DEPTH = Pinhole(640, 480, 385.0)
