"""How alike a predicted heatmap and true contact points are, as the affordance literature counts it.

SIM, AUC-J and NSS are saliency's measures (Bylinskii et al., What do different evaluation metrics tell us about
saliency models?, TPAMI 2019), which work on contact hotspots uses too (Nagarajan et al., ICCV 2019; Liu et al., CVPR
2022). Of all three more is better: SIM and AUC-J end at 1, chance is 0.5 for AUC-J and 0 for NSS.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from deft_core.geometry import Array

# Width of the Gaussian that stands for a contact point, as a share of the crop's side.
SPREAD = 0.05


def spread_out(points: Array, size: int, sigma: float = SPREAD) -> Array:
    """Maps (n, size, size) of contact points (n, k, 2), in [0, 1] of the crop: Gaussians about them; each sums to 1."""
    centre = (np.arange(size) + 0.5) / size
    x, y = (np.exp(-((centre - points[..., i, None]) ** 2) / (2 * sigma**2)) for i in (0, 1))
    maps = np.einsum("nky,nkx->nyx", y, x) + 1e-12
    return np.asarray(maps / maps.sum(axis=(1, 2), keepdims=True))


def similarity(maps: Array, true_points: Array) -> Array:
    """SIM (n,): what maps (n, h, h), each of sum 1, share with the true points' own, spread out."""
    return np.asarray(np.minimum(maps, spread_out(true_points, maps.shape[1])).sum(axis=(1, 2)))


def scanpath_saliency(maps: Array, true_points: Array) -> Array:
    """NSS (n,): how many standard deviations over its own mean a map is at the true points (n, k, 2), on average."""
    flat = maps.reshape(len(maps), -1)
    mean, spread = flat.mean(axis=1), flat.std(axis=1)
    there = np.take_along_axis(flat, _pixels(true_points, maps), axis=1).mean(axis=1)
    # A map that is the same all over has no spread but that of rounding.
    return np.where(spread > 1e-9 * mean, (there - mean) / np.maximum(spread, 1e-300), 0.0)


def judd_area(maps: Array, true_points: Array) -> Array:
    """AUC-J (n,): how likely a true point's pixel is hotter than another of its map; a tie counts half."""
    flat, at = maps.reshape(len(maps), -1), _pixels(true_points, maps)
    ranks = rankdata(flat, axis=1)
    out = np.empty(len(maps))
    for i, pixels in enumerate(at):
        hit = np.unique(pixels)  # two points in one pixel are one fixation
        others = flat.shape[1] - len(hit)
        out[i] = (ranks[i, hit].sum() - len(hit) * (len(hit) + 1) / 2) / (len(hit) * others)
    return out


def _pixels(points: Array, maps: Array) -> np.ndarray:
    """Index (n, k) into a flattened map of the pixel that holds each point."""
    size = maps.shape[1]
    column, row = np.clip((points * size).astype(int), 0, size - 1).transpose(2, 0, 1)
    return np.asarray(row * size + column)
