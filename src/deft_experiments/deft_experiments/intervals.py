"""How sure a share of successes is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """Successes among trials, with Wilson's 95 % score interval (Wilson, JASA 1927, 22:209).

    The interval takes trials for independent. Those of one seed are of one policy: where seeds are pooled it leaves out
    how much they differ, so what is said of a difference rests on `over_seeds` or `paired_difference`.
    """

    successes: int
    trials: int

    @property
    def value(self) -> float:
        """The share; NaN without trials."""
        return self.successes / self.trials if self.trials else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end; the whole of [0, 1] without trials."""
        if not self.trials:
            return 0.0, 1.0
        n, p, z2 = self.trials, self.value, Z_95**2
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)

    def __add__(self, other: Share) -> Share:
        return Share(self.successes + other.successes, self.trials + other.trials)

    def __str__(self) -> str:
        if not self.trials:
            return "not run"
        low, high = self.interval
        return f"{self.value:.2f} [{low:.2f}, {high:.2f}] ({self.successes}/{self.trials})"


def difference(a: Share, b: Share) -> tuple[float, float, float]:
    """a - b and its 95 % interval, from the two Wilson intervals (Newcombe, Stat. Med. 1998, 17:873, method 10)."""
    d = a.value - b.value
    (low_a, high_a), (low_b, high_b) = a.interval, b.interval
    below = math.hypot(a.value - low_a, high_b - b.value)
    above = math.hypot(high_a - a.value, b.value - low_b)
    return d, d - below, d + above


def over_seeds(values: Sequence[NDArray[np.float64]]) -> list[float] | None:
    """95 % interval of the mean over tasks of the mean over seeds (Student's t, seeds drawn within their task).

    Args:
        values: of each task, one number a seed.

    Returns:
        Lower and upper end; None where a task has one seed alone: nothing says how much seeds differ there.
    """
    if min(map(len, values)) < 2:
        return None
    mean = float(np.mean([v.mean() for v in values]))
    error = math.sqrt(sum(v.var(ddof=1) / len(v) for v in values)) / len(values)
    half = float(stats.t.ppf(0.975, sum(len(v) - 1 for v in values))) * error
    return [round(mean - half, 4), round(mean + half, 4)]


def paired_difference(pairs: Sequence[tuple[Share, Share]]) -> tuple[float, list[float] | None]:
    """Mean over seeds of a - b, and its 95 % interval: at each end the wider of two.

    Student's t over the seeds' own differences: trials of one policy are not independent of each other. And Newcombe's
    of the trials: few seeds may agree by chance, and t then has no width, but what is known of the difference is never
    more than the trials tell.

    Args:
        pairs: (a, b) of each seed, with trials.

    Returns:
        The difference; lower and upper end, None of one seed: nothing says how much seeds differ.
    """
    values = np.array([a.value - b.value for a, b in pairs])
    seeds = over_seeds([values])
    if seeds is None:
        return float(values.mean()), None
    _, low, high = difference(*(sum(side, Share(0, 0)) for side in zip(*pairs, strict=True)))
    return float(values.mean()), [
        round(max(-1.0, min(low, seeds[0])), 4),
        round(min(1.0, max(high, seeds[1])), 4),
    ]
