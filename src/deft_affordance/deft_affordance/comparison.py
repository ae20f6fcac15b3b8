"""Is a prior better than a baseline, or was it luck: paired tests over objects, corrected for how many were made."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import wilcoxon

from deft_core.geometry import Array


def per_object(values: Array, objects: NDArray) -> Array:
    """Mean of values (n,) over each object's views, in the order of the objects' numbers."""
    _, inverse = np.unique(objects, return_inverse=True)
    return np.asarray(np.bincount(inverse, values) / np.bincount(inverse))


def p_better(mine: Array, theirs: Array) -> float:
    """One-sided Wilcoxon signed-rank p of paired errors (n,): how likely, were `mine` not smaller than `theirs`."""
    gap = mine - theirs
    if not np.any(gap):
        return 1.0
    return float(wilcoxon(gap, alternative="less").pvalue)


def holm(p_values: ArrayLike) -> Array:
    """Adjusted p-values (n,) of n tests (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
