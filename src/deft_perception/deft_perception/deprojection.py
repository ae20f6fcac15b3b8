"""From pixels and depth to points: intrinsics and distortion as the camera reports them."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import ArrayLike

from deft_core.geometry import Array, apply
from deft_core.observation import RGBDFrame


def deproject(pixels: ArrayLike, depth_m: ArrayLike, K: Array, distortion: Array) -> Array:
    """Points (n, 3) in the camera's optical frame, metres.

    Args:
        pixels: (n, 2) x, y.
        depth_m: (n,) along the optical axis, metres.
        K: (3, 3) intrinsics, pixels.
        distortion: (5,) plumb_bob.
    """
    xy = np.atleast_2d(np.asarray(pixels, dtype=float))
    depth = np.atleast_1d(np.asarray(depth_m, dtype=float))
    if xy.shape[1:] != (2,) or depth.shape != xy.shape[:1]:
        raise ValueError(f"expected (n, 2) pixels and (n,) depths, got {xy.shape} and {depth.shape}")
    rays = np.asarray(cv2.undistortPoints(xy[:, None, :], K, distortion)[:, 0, :], dtype=float)
    return np.column_stack([rays, np.ones(len(rays))]) * depth[:, None]


def project(points: ArrayLike, K: Array, distortion: Array) -> Array:
    """Pixels (n, 2) of points (n, 3) in the camera's optical frame; inverse of `deproject`."""
    points = np.atleast_2d(np.asarray(points, dtype=float))
    pixels = cv2.projectPoints(points[:, None, :], np.zeros(3), np.zeros(3), K, distortion)[0][:, 0, :]
    return np.asarray(pixels, dtype=float)


@lru_cache(maxsize=4)
def _rays(width: int, height: int, K: bytes, distortion: bytes) -> Array:
    x, y = np.meshgrid(np.arange(width, dtype=float), np.arange(height, dtype=float))
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    matrix = np.frombuffer(K).reshape(3, 3)
    rays = deproject(pixels, np.ones(len(pixels)), matrix, np.frombuffer(distortion)).reshape(height, width, 3)
    rays.setflags(write=False)
    return rays


def point_cloud(frame: RGBDFrame) -> Array:
    """Points (H, W, 3) of a capture in base_link, metres; NaN where there is no depth."""
    height, width = frame.depth_mm.shape
    rays = _rays(width, height, np.asarray(frame.K, float).tobytes(), np.asarray(frame.distortion, float).tobytes())
    depth = frame.depth_mm.astype(np.float64) * 1e-3
    depth[frame.depth_mm == 0] = np.nan
    return apply(frame.T_base_camera, rays * depth[..., None])
