"""How sure each contact point is, as an ellipse: the heatmap read as a Gaussian mixture about the points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array, transform
from deft_core.observation import Affordance, RGBDFrame

# Before a point has a spread of its own, as a share of the crop's side: which heat is whose goes by it.
_REACH = 0.08
_THIN_M = 0.002  # an ellipse lies flat before the camera


def spreads(heatmap: NDArray[np.floating], crop: tuple[int, int, int, int], contacts_px: Array) -> Array:
    """Covariance (k, 2, 2), pixels squared, of the heat about each contact point.

    Args:
        heatmap: (h, w) probability over the crop.
        crop: (x, y, width, height) in the image, pixels.
        contacts_px: (k, 2).
    """
    (h, w), (left, top, width, height) = heatmap.shape, crop
    x, y = (np.arange(w) + 0.5) / w * width + left, (np.arange(h) + 0.5) / h * height + top
    off = np.stack(np.meshgrid(x, y), axis=-1)[None] - contacts_px[:, None, None]
    near = -(off**2).sum(axis=-1) / (2.0 * (_REACH * max(width, height)) ** 2)
    mine = np.exp(near - near.max(axis=0))
    weight = heatmap * mine / mine.sum(axis=0)
    mass = weight.sum(axis=(1, 2)) + 1e-12
    found = np.einsum("khw,khwi,khwj->kij", weight, off, off) / mass[:, None, None]
    pixel = np.diag([(width / w) ** 2, (height / h) ** 2]) / 12.0  # a map's pixel has a spread of its own
    return np.asarray(found + pixel)


def ellipses(affordance: Affordance, frame: RGBDFrame) -> list[tuple[Array, Array]]:
    """Of each contact point, where its ellipse lies in base_link (4, 4) and how wide it is along its axes (3,), metres.

    One standard deviation to each side, flat in the plane that faces the camera at the contact's depth.
    """
    out = []
    R, focal = frame.T_base_camera[:3, :3], np.array([frame.K[0, 0], frame.K[1, 1]])
    for spread, place in zip(
        spreads(affordance.heatmap, affordance.crop, affordance.contacts_px), affordance.contacts_base, strict=True
    ):
        depth = float((place - frame.T_base_camera[:3, 3]) @ R[:, 2])
        metric = spread * (depth / focal[:, None]) * (depth / focal[None])
        variance, axes = np.linalg.eigh(metric)
        turn = np.eye(3)
        turn[:2, :2] = axes * [np.linalg.det(axes), 1.0]  # a mirror image is no rotation
        out.append((transform(R @ turn, place), np.array([*(2.0 * np.sqrt(variance)), _THIN_M])))
    return out
