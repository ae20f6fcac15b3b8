"""How much of a mean of few samples to believe, and which of the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Weights this concentrated rest on one sample.
ONE_ALONE = 0.9


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


def credit(best: Array, rewards: Array) -> Array:
    """Weigh tries by how much better than the average try they were.

    Ten best of thirty tries may be one success and nine that did nothing; their plain mean is nine parts chance.

    Args:
        best: (n,) rewards of the tries to weigh, in [0, 1].
        rewards: (m,) of all tries so far.

    Returns:
        (n,) weights that sum to one; equal where no try stands out.
    """
    advantage = np.maximum(best - rewards.mean(), 0.0)
    total = float(advantage.sum())
    return advantage / total if total > 0.0 else np.full(len(best), 1.0 / len(best))


def departure(rewards: Array, of_prior: NDArray[np.bool_], best: Array) -> float:
    """How much of what was learned to believe where the prior was tried as it is.

    Ten best of thirty tries are the better for having been chosen, and what makes them better on one object may be what
    fails on another. So a prior that was tried is left only as far as the best tries earned more than it by more than
    chance (James and Stein once more, in the reward); one that was not tried, altogether.

    Args:
        rewards: (m,) of all tries.
        of_prior: (m,) which of them were of the prior as it is.
        best: (n,) rewards of the best tries.

    Returns:
        From 0, the prior as it is, to 1.
    """
    if not of_prior.any():
        return 1.0
    gain = float(best.mean() - rewards[of_prior].mean())
    if gain <= 0.0 or len(rewards) < 2:
        return 0.0
    squared_error = float(rewards.var(ddof=1)) * (1.0 / int(of_prior.sum()) + 1.0 / len(best))
    return 1.0 - squared_error / gain**2 if squared_error < gain**2 else 0.0


def spread(values: Array, weights: Array, ddof: int) -> tuple[Array, Array]:
    """Variance of samples, and the squared standard error of their weighted mean.

    Args:
        values: (n, k) samples.
        weights: (n,) that sum to one.
        ddof: 1 for the unbiased variance, 0 for the maximum-likelihood one.

    Returns:
        (k,) each. Where one sample has nearly all the weight it says nothing of its own error: then both are those of
        a single sample of the unweighted spread.
    """
    concentration = float(weights @ weights)  # one over how many samples the mean rests on
    if concentration > ONE_ALONE:
        variance = values.var(axis=0, ddof=min(ddof, len(values) - 1))
        return variance, variance
    variance = weights @ (values - weights @ values) ** 2
    if ddof == 1:  # 1 - sum w^2 is (n - 1) / n when weights are equal
        variance = variance / (1.0 - concentration)
    return variance, variance * concentration
