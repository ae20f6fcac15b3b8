"""How much of a mean of few samples to believe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def shrunk(mean: Array, squared_error: Array) -> Array:
    """Pull a mean towards zero by its standard error: the positive-part James-Stein estimate, component by component.

    Args:
        mean: (n,) of few samples.
        squared_error: (n,) its squared standard error.

    Returns:
        (n,) zero where the mean is within its error of zero, nearly the mean where it is far beyond.
    """
    tiny = np.finfo(np.float64).tiny
    return np.asarray(mean * np.maximum(0.0, 1.0 - squared_error / np.maximum(mean**2, tiny)))
