"""Contact points as the paper has them: centres of a Gaussian mixture fitted to where the hand meets the object."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array

K_CONTACTS = 5


def fit_contact_points(pixels: Array, k: int = K_CONTACTS, iterations: int = 30) -> Array:
    """Fit a mixture of `k` round Gaussians of one width to contact samples; return its centres.

    Expectation maximisation from a farthest-point start, so that the result depends on the samples alone. The
    centres come ordered from left to right, so that a network can learn which is which.

    Args:
        pixels: (n, 2), n at least 1; fewer than `k` different samples give repeated centres.

    Returns:
        (k, 2) centres.
    """
    pixels = np.asarray(pixels, dtype=float)
    if pixels.ndim != 2 or len(pixels) == 0 or not np.isfinite(pixels).all():
        raise ValueError(f"contact samples must be (n, 2) finite numbers, n > 0, got shape {pixels.shape}")
    centres = pixels[[np.linalg.norm(pixels - pixels.mean(axis=0), axis=1).argmin()]]
    while len(centres) < k:
        gap = np.linalg.norm(pixels[:, None] - centres[None], axis=2).min(axis=1)
        centres = np.vstack([centres, pixels[gap.argmax()]])
    variance = max(float(pixels.var()), 1e-6)
    weights = np.full(k, 1.0 / k)
    for _ in range(iterations):
        square = ((pixels[:, None] - centres[None]) ** 2).sum(axis=2)
        log = np.log(weights) - square / (2 * variance)
        share = np.exp(log - log.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        mass = share.sum(axis=0) + 1e-9
        centres = (share.T @ pixels + 1e-9 * centres) / mass[:, None]
        variance = max(float((share * square).sum() / (2 * len(pixels))), 1e-6)
        weights = mass / mass.sum()
    return centres[np.lexsort((centres[:, 1], centres[:, 0]))]


def nearest_on_mask(pixel: Array, mask: NDArray[np.bool_]) -> tuple[int, int] | None:
    """The mask's pixel (x, y) nearest to a place (x, y), or None where the mask is empty."""
    rows, columns = np.nonzero(mask)
    if len(rows) == 0:
        return None
    best = int(((columns - pixel[0]) ** 2 + (rows - pixel[1]) ** 2).argmin())
    return int(columns[best]), int(rows[best])
