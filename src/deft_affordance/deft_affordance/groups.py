"""What a sample is of: kind of object and verb in one name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def group_names(kinds: NDArray, verbs: NDArray) -> NDArray:
    """Names "kind/verb" (n,) of samples."""
    return np.array([f"{kind}/{verb}" for kind, verb in zip(kinds, verbs, strict=True)])
