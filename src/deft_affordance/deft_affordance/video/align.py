"""How the camera moved between two frames: a homography of what stands still, hands and object left out."""

from __future__ import annotations

import cv2
import numpy as np

from deft_affordance.video.detectors.protocols import Box, Mask
from deft_affordance.video.frames import Image
from deft_core.geometry import Array

FEATURES = 1200
RATIO = 0.8  # Lowe's test
RANSAC_PX = 2.0
MIN_INLIERS = 20
# Images are tracked and matched at these widths: enough for a pixel or two, and quick.
TRACK_WIDTH, MATCH_WIDTH = 320, 640
# How weak a corner may be, of the strongest: on a bare table all but its edge are weak.
QUALITY = 0.0005
# A point tracked there and back must come back to where it was.
RETURN_PX = 1.0
# Sum of the changes of chroma and a quarter of that of brightness, of 255, that is no noise of a compressed video.
CHANGED = 20


def background(shape: tuple[int, int], boxes: list[Box], grow: float = 0.1) -> Mask:
    """(H, W) mask of what lies outside some boxes, each grown by a share of its size."""
    mask = np.ones(shape, dtype=bool)
    for x0, y0, x1, y1 in boxes:
        more = grow * max(x1 - x0, y1 - y0)
        rows = slice(max(0, round(y0 - more)), max(0, round(y1 + more)))
        mask[rows, max(0, round(x0 - more)) : max(0, round(x1 + more))] = False
    return mask


def homography(from_image: Image, to_image: Image, from_still: Mask, to_still: Mask) -> Array | None:
    """H (3, 3) that takes pixels of one frame to another's, or None where the two cannot be told to agree.

    By points tracked from one to the other (Lucas-Kanade), which finds enough even on a bare table; where the camera
    moved too far for that, by matched corners (ORB). Both by RANSAC.

    Args:
        from_image, to_image: (H, W, 3) RGB.
        from_still, to_still: (H, W) masks of what may be looked at.
    """
    H = _at_width(TRACK_WIDTH, from_image, to_image, from_still, to_still)
    return H if H is not None else _at_width(MATCH_WIDTH, from_image, to_image, from_still, to_still)


def _at_width(width: int, from_image: Image, to_image: Image, from_still: Mask, to_still: Mask) -> Array | None:
    scale = min(1.0, width / from_image.shape[1])
    a, b = _small(from_image, scale), _small(to_image, scale)
    mask_a, mask_b = (_small_mask(mask, scale) for mask in (from_still, to_still))
    H = _by_tracking(a, b, mask_a) if width == TRACK_WIDTH else _by_corners(a, b, mask_a, mask_b)
    if H is None:
        return None
    S = np.diag([scale, scale, 1.0])
    out = np.linalg.inv(S) @ H @ S
    return out / out[2, 2]


def _small(image: Image, scale: float) -> np.ndarray:
    gray = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    return gray if scale == 1.0 else cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _small_mask(mask: Mask, scale: float) -> np.ndarray:
    out = 255 * mask.astype(np.uint8)
    return out if scale == 1.0 else cv2.resize(out, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)


def _by_corners(a: np.ndarray, b: np.ndarray, mask_a: np.ndarray, mask_b: np.ndarray) -> Array | None:
    orb = cv2.ORB.create(FEATURES, fastThreshold=10)
    points_a, words_a = orb.detectAndCompute(a, mask_a)
    points_b, words_b = orb.detectAndCompute(b, mask_b)
    if words_a is None or words_b is None or min(len(words_a), len(words_b)) < MIN_INLIERS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(words_a, words_b, k=2)
    good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < RATIO * pair[1].distance]
    if len(good) < MIN_INLIERS:
        return None
    source = np.array([points_a[match.queryIdx].pt for match in good])
    target = np.array([points_b[match.trainIdx].pt for match in good])
    return _fit(source, target)


def _by_tracking(a: np.ndarray, b: np.ndarray, mask_a: np.ndarray) -> Array | None:
    points = cv2.goodFeaturesToTrack(a, 300, QUALITY, 7, mask=mask_a)
    if points is None or len(points) < MIN_INLIERS:
        return None
    window = {"winSize": (31, 31), "maxLevel": 4}
    there, found, _ = cv2.calcOpticalFlowPyrLK(a, b, points, None, **window)  # type: ignore[call-overload]
    back, again, _ = cv2.calcOpticalFlowPyrLK(b, a, there, None, **window)  # type: ignore[call-overload]
    returned = np.linalg.norm((back - points)[:, 0], axis=1) < RETURN_PX
    good = (found[:, 0] > 0) & (again[:, 0] > 0) & returned
    # With more than that lost, the camera moved further than tracking follows.
    if good.sum() < max(MIN_INLIERS, 0.15 * len(points)):
        return None
    return _fit(points[good, 0], there[good, 0])


def _fit(source: np.ndarray, target: np.ndarray) -> Array | None:
    cv2.setRNGSeed(0)
    H, inliers = cv2.findHomography(source, target, cv2.RANSAC, RANSAC_PX)
    if H is None or int(inliers.sum()) < max(MIN_INLIERS, 0.5 * len(source)) or not _sane(H):
        return None
    return np.asarray(H, dtype=float)


def _sane(H: np.ndarray) -> bool:
    """Heads turn and lean; they do not mirror or shrink the world to a third."""
    det = float(np.linalg.det(H[:2, :2]))
    return bool(np.isfinite(H).all()) and 0.1 < det < 10.0 and bool(np.abs(H[2, :2]).max() < 2e-3)


def move(H: Array, points: Array) -> Array:
    """Take pixels (n, 2) through a homography."""
    out = np.column_stack([points, np.ones(len(points))]) @ H.T
    return out[:, :2] / out[:, 2:]


def move_box(H: Array, box: Box) -> Box:
    """The upright box around a box taken through a homography."""
    x0, y0, x1, y1 = box
    corners = move(H, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def changed(before: Image, now: Image, H: Array) -> Mask:
    """(H, W) mask of the pixels of `now` that look otherwise than in an earlier frame.

    Args:
        before, now: (H, W, 3) RGB.
        H: takes pixels of `now` to those of `before`.
    """
    size = (now.shape[1], now.shape[0])
    moved = cv2.warpPerspective(np.ascontiguousarray(before), H, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    a, b = (cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2YCrCb).astype(np.int16) for image in (moved, now))
    gap = np.abs(a - b)
    # Shadows darken and leave the chroma much as it is.
    return np.asarray(gap[..., 1] + gap[..., 2] + gap[..., 0] // 4 > CHANGED)
