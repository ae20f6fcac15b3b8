"""Depth as the colour imager sees it: librealsense's alignment in NumPy, for the twin that runs in-process."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array
from deft_sim.camera.pinhole import Pinhole

_FAR = 65535  # no measurement; also the farthest that 16 bits hold


def align_depth(
    depth_mm: NDArray[np.uint16], depth: Pinhole, color: Pinhole, T_color_depth: Array
) -> NDArray[np.uint16]:
    """Project a depth image into the colour image.

    Each depth pixel becomes the rectangle of colour pixels between its projected corners; where several fall on one,
    the nearest wins (what `rs.align` does).

    Args:
        depth_mm: (H, W) uint16 millimetres, 0 for no measurement.
        depth, color: intrinsics.
        T_color_depth: (4, 4) depth frame in the colour frame.
    """
    measured = np.flatnonzero(depth_mm)
    values = depth_mm.reshape(-1)[measured]
    z: Array = values * np.float64(0.001)
    upper_left, lower_right = (_project(measured, z, shift, depth, color, T_color_depth) for shift in (-0.5, 0.5))
    (u0, v0), (u1, v1) = upper_left, lower_right
    seen = np.flatnonzero((u1 >= 0) & (v1 >= 0) & (u0 < color.width) & (v0 < color.height))
    u0, v0, values = u0[seen], v0[seen], values[seen]
    wide, high = u1[seen] - u0, v1[seen] - v0
    # A margin around the image takes what of a rectangle lies outside.
    margin_u, margin_v = max(0, int(wide.max(initial=0))), max(0, int(high.max(initial=0)))
    padded = np.full((color.height + 2 * margin_v, color.width + 2 * margin_u), _FAR, dtype=np.uint16)
    nearest = padded.reshape(-1)
    first = (v0 + margin_v) * padded.shape[1] + u0 + margin_u
    for dv in range(margin_v + 1):
        for du in range(margin_u + 1):
            covers = np.flatnonzero((wide >= du) & (high >= dv))
            np.minimum.at(nearest, first[covers] + (dv * padded.shape[1] + du), values[covers])
    out = padded[margin_v : margin_v + color.height, margin_u : margin_u + color.width].copy()
    out[out == _FAR] = 0
    return out


def _project(
    pixels: NDArray[np.int64], z: Array, shift: float, depth: Pinhole, color: Pinhole, T: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Colour pixels (n,), (n,) that points fall on: z (n,) metres deep, `shift` pixels off depth pixels."""
    directions = _directions(depth, T[:3, :3].tobytes(), shift)
    X, Y, Z = (directions[i][pixels] * z + T[i, 3] for i in range(3))
    K = color.K
    columns, rows = np.floor(X / Z * K[0, 0] + (K[0, 2] + 0.5)), np.floor(Y / Z * K[1, 1] + (K[1, 2] + 0.5))
    return columns.astype(np.int64), rows.astype(np.int64)


@lru_cache(maxsize=4)
def _directions(depth: Pinhole, R_color_depth: bytes, shift: float) -> Array:
    """Where depth pixels look, `shift` pixels off their centres: (3, H W) in the colour frame, 1 m of depth long."""
    rays = depth.rays() + np.array([shift, shift, 0.0]) / depth.focal_px
    out: Array = np.ascontiguousarray((rays.reshape(-1, 3) @ np.frombuffer(R_color_depth).reshape(3, 3).T).T)
    out.setflags(write=False)
    return out
