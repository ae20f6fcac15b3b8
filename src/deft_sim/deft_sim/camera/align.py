"""Depth as the colour imager sees it: librealsense's alignment in NumPy, for the twin that runs in-process."""

import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array
from deft_sim.camera.pinhole import Pinhole


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
    out = np.full((color.height, color.width), 65535, dtype=np.uint16)
    v, u = np.nonzero(depth_mm)
    values = depth_mm[v, u]
    order = np.argsort(values, kind="stable")[::-1]  # far first: what is written last is nearest
    u, v, values = u[order].astype(float), v[order].astype(float), values[order]
    z = values * 0.001
    corners = []
    Kd, Kc = depth.K, color.K
    for shift in (-0.5, 0.5):
        points = np.stack([(u + shift - Kd[0, 2]) / Kd[0, 0] * z, (v + shift - Kd[1, 2]) / Kd[1, 1] * z, z], axis=1)
        points = points @ T_color_depth[:3, :3].T + T_color_depth[:3, 3]
        pixels = points[:, :2] / points[:, 2:3] * [Kc[0, 0], Kc[1, 1]] + [Kc[0, 2], Kc[1, 2]]
        corners.append(np.floor(pixels + 0.5).astype(int))
    (u0, v0), (u1, v1) = corners[0].T, corners[1].T
    target = out.reshape(-1)
    for dv in range(int((v1 - v0).max(initial=-1)) + 1):
        for du in range(int((u1 - u0).max(initial=-1)) + 1):
            uu, vv = u0 + du, v0 + dv
            inside = (uu <= u1) & (vv <= v1) & (uu >= 0) & (vv >= 0) & (uu < color.width) & (vv < color.height)
            flat = vv[inside] * color.width + uu[inside]
            target[flat] = np.minimum(target[flat], values[inside])
    out[out == 65535] = 0
    return out
