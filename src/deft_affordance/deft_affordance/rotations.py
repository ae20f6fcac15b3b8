"""Wrist rotations as numbers without a jump: axis-angle vectors near those of a hand that reaches away."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from deft_core.geometry import Array

# Seen in the optical frame, a hand that reaches away from the camera, palm down, is half a turn about x.
REACHING = np.array([np.pi, 0.0, 0.0])


def continuous(rotvecs: ArrayLike) -> Array:
    """The same rotations (n, 3) as axis-angle vectors nearest to `REACHING`, of up to a whole turn.

    Axis-angle vectors of at most half a turn jump to the opposite side at half a turn, where palms that face down lie:
    a mean over both sides, or a network between them, would be of no rotation at all.
    """
    vectors = np.asarray(rotvecs, dtype=float).reshape(-1, 3)
    angles = np.linalg.norm(vectors, axis=1, keepdims=True)
    others = vectors * (1.0 - 2.0 * np.pi / np.maximum(angles, 1e-9))
    nearer = np.linalg.norm(others - REACHING, axis=1) < np.linalg.norm(vectors - REACHING, axis=1)
    return np.where(nearer[:, None], others, vectors)
