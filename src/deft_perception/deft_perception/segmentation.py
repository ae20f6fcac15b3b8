"""Find what stands on the table, from depth alone: no model, no weights.

The table plane is fitted anew in each capture (a hand-eye calibration is a few millimetres and half a degree off, and
a plane fitted to thousands of pixels is not), then whatever rises above it inside the workspace is split into
connected parts.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_core.errors import PerceptionRefused
from deft_core.geometry import Array
from deft_core.observation import RGBDFrame
from deft_perception.deprojection import point_cloud


@dataclass(frozen=True)
class SegmentationSettings:
    """Where to look and what counts as an object; metres in base_link, pixels in the image."""

    x_m: tuple[float, float] = (0.38, 0.75)
    y_m: tuple[float, float] = (-0.20, 0.20)
    table_z_m: float = 0.0
    # The fitted plane may differ this much from where the table should be.
    table_tolerance_m: float = 0.03
    # Three to four times a stereo camera's depth noise at this range, so that the table itself never qualifies.
    min_height_m: float = 0.010
    max_height_m: float = 0.35
    min_area_px: int = 120
    close_px: int = 7

    @property
    def region(self) -> str:
        """Where objects are looked for, in words."""
        (x0, x1), (y0, y1) = self.x_m, self.y_m
        return f"x {x0:g} to {x1:g}, y {y0:g} to {y1:g} m (base_link; the workcell's objects_x_m, objects_y_m)"


@dataclass(frozen=True, eq=False)
class SegmentedObject:
    """One thing on the table.

    Attributes:
        mask: (H, W) bool.
        box: (x, y, width, height) of the mask, pixels.
        points: (n, 3) its measured points in base_link, metres.
        center: (3,) middle of the points' bounding box, metres.
        beyond: how much of it goes on outside where objects are looked for, as a share of the mask.
    """

    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]
    points: Array
    center: Array
    beyond: float = 0.0


def fit_table(points: Array, settings: SegmentationSettings) -> Array:
    """Plane z = a x + b y + c of the table, (3,), robustly fitted to points (n, 3) in base_link.

    Raises:
        PerceptionRefused: too few points lie near where the table should be.
    """
    near = points[np.abs(points[:, 2] - settings.table_z_m) < settings.table_tolerance_m]
    if len(near) < 500:
        raise PerceptionRefused(
            f"only {len(near)} depth pixels within {settings.table_tolerance_m * 1e3:.0f} mm of the table: "
            "is the camera calibrated, and does it see the table?"
        )
    plane = np.array([0.0, 0.0, float(np.median(near[:, 2]))])
    design = np.column_stack([near[:, :2], np.ones(len(near))])
    for band in (0.02, 0.01, 0.006):
        inliers = np.abs(near[:, 2] - design @ plane) < band
        if inliers.sum() < 200:
            break
        plane = np.linalg.lstsq(design[inliers], near[inliers, 2], rcond=None)[0]
    return plane


def segment_tabletop(frame: RGBDFrame, settings: SegmentationSettings | None = None) -> list[SegmentedObject]:
    """Objects on the table, the one with the most pixels first.

    Raises:
        PerceptionRefused: no depth, no table, or nothing stands on it.
    """
    settings = settings or SegmentationSettings()
    cloud = point_cloud(frame)
    with np.errstate(invalid="ignore"):
        inside = (
            (cloud[..., 0] > settings.x_m[0])
            & (cloud[..., 0] < settings.x_m[1])
            & (cloud[..., 1] > settings.y_m[0])
            & (cloud[..., 1] < settings.y_m[1])
        )
    if not inside.any():
        raise PerceptionRefused(
            "no depth was measured over the workspace: is the depth stream on, is something in the way?"
        )
    plane = fit_table(cloud[inside], settings)
    height = cloud[..., 2] - (cloud[..., :2] @ plane[:2] + plane[2])
    with np.errstate(invalid="ignore"):
        raised_anywhere = (height > settings.min_height_m) & (height < settings.max_height_m)
    raised = inside & raised_anywhere
    _, outside, outside_stats, _ = cv2.connectedComponentsWithStats((raised_anywhere & ~inside).astype(np.uint8))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (settings.close_px, settings.close_px))
    closed = cv2.morphologyEx(raised.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    found = []
    for label in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[label])
        # Closing bridges what was not measured; where the table was, as in a ring's hole, there is no thing.
        mask = (labels == label) & (raised | ~np.isfinite(height))
        points = cloud[mask & raised]
        if area < settings.min_area_px or len(points) < settings.min_area_px // 2:
            continue
        center = 0.5 * (np.percentile(points, 2, axis=0) + np.percentile(points, 98, axis=0))
        touching = np.unique(outside[cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0])
        beyond = float(outside_stats[touching[touching > 0], cv2.CC_STAT_AREA].sum()) / float(mask.sum())
        found.append(SegmentedObject(mask, (x, y, w, h), points, center, beyond))
    if not found:
        raise PerceptionRefused(
            f"nothing rises more than {settings.min_height_m * 1e3:.0f} mm above the table where objects are looked "
            f"for: {settings.region}"
        )
    return sorted(found, key=lambda o: -int(o.mask.sum()))
