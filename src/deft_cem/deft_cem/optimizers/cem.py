"""The cross-entropy method of the paper (algorithm 1, table 4), a variant with brakes and one that stays nearer.

Algorithm 1 refits after every episode k > M to the E best residuals of *all* episodes so far, so with M = 10 the first
refit follows the eleventh episode. The text of section 3.2 can be read as refitting after the tenth; that is an option.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from deft_cem.optimizers.base import Array, Distribution, Optimizer, OptimizerConfig
from deft_cem.shrinkage import shrunk, spread

log = logging.getLogger(__name__)


class CemConfig(OptimizerConfig):
    """The paper's numbers; what it leaves open is a field with the reason for its default."""

    warm_up: int = Field(default=10, ge=1)  # M, table 4
    elites: int = Field(default=10, ge=1)  # E, table 4
    # "algorithm1": first refit after episode M + 1 (k > M). "prose": after episode M (section 3.2's text).
    refit: Literal["algorithm1", "prose"] = "algorithm1"
    # Variance estimator. 0 is the maximum-likelihood fit, which is what "fit D to the elites" means in the
    # cross-entropy method; 1 is unbiased, 5 % wider at ten elites.
    ddof: Literal[0, 1] = 0
    # Smallest sigma, as a fraction of the initial one. The paper names none: 0.
    sigma_floor: float = Field(default=0.0, ge=0.0, le=1.0)
    # Which of two equal rewards ranks first. A stable sort keeps the earlier; the later one was drawn from a
    # better-informed distribution.
    ties: Literal["earlier", "later"] = "earlier"
    # New distribution = smoothing * fitted + (1 - smoothing) * old. 1 is the paper: no memory of the old one.
    smoothing: float = Field(default=1.0, gt=0.0, le=1.0)
    # Elites come from the newest `memory` episodes; None is the paper: from all episodes so far.
    memory: int | None = Field(default=None, ge=1)
    # "equal" is the paper; "rank" weighs the i-th of E elites by log(E + 1/2) - log(i), as CMA-ES does.
    weights: Literal["equal", "rank"] = "equal"
    # Pull each component of the elites' mean towards the prior (zero) by its standard error, as James and Stein do.
    # Ten elites put the mean 0.3 sigma off by chance in each of 22 parameters; the paper takes it as it is.
    shrink: bool = False


class SmoothedCemConfig(CemConfig):
    """Brakes for small samples: smaller and half steps, a sigma floor, recency on ties, weighted elites.

    The defaults did best on narrow success regions, which table 4's sigmas leave too often to learn from
    (`benchmarks/optimizers.py`).
    """

    sigma_scale: float = Field(default=0.6, gt=0.0)
    ddof: Literal[0, 1] = 1
    sigma_floor: float = Field(default=0.2, ge=0.0, le=1.0)
    ties: Literal["earlier", "later"] = "later"
    smoothing: float = Field(default=0.5, gt=0.0, le=1.0)
    memory: int | None = Field(default=25, ge=1)
    weights: Literal["equal", "rank"] = "rank"


class NearCemConfig(CemConfig):
    """Nearer to the prior: for a prior that is often right, from which table 4's two centimetres would drive it away.

    Both were chosen in the twin on four of the nine tasks (docs/results.md).
    """

    sigma_scale: float = Field(default=0.4, gt=0.0)
    shrink: bool = True


class Cem(Optimizer):
    """Diagonal Gaussian over residuals, refitted to the elites after every episode past the warm-up.

    The covariance is diagonal because sigma is a vector in the paper, and ten elites cannot carry 231 covariances.

    >>> import numpy as np
    >>> cem = Cem(CemConfig(), np.random.default_rng(0))
    >>> residual = cem.ask()
    >>> cem.tell(residual, 0.4)
    >>> cem.distribution().fitted
    False
    """

    name: ClassVar[str] = "cem"
    config_class: ClassVar[type[OptimizerConfig]] = CemConfig
    config: CemConfig

    def __init__(self, config: CemConfig, rng: np.random.Generator, sigma: Array | None = None) -> None:
        super().__init__(config, rng, sigma)
        self._mean: Array = np.zeros(self.dim)
        self._sigma: Array = self.sigma0.copy()
        self._elites: tuple[int, ...] = ()

    def ask(self) -> Array:
        """Draw a residual (22,) from the present distribution."""
        return self._mean + self._sigma * self._rng.standard_normal(self.dim)

    def distribution(self) -> Distribution:
        """Describe the present Gaussian and the elites it was fitted to."""
        rewards = tuple(self.rewards[i - 1] for i in self._elites)
        return Distribution(self._mean.copy(), self._sigma.copy(), bool(self._elites), self._elites, rewards)

    def _learn(self) -> None:
        told = len(self.rewards)
        first_refit = self.config.warm_up + (1 if self.config.refit == "algorithm1" else 0)
        if told >= first_refit:
            self._refit()

    def _refit(self) -> None:
        ranked = self._ranked()
        if len(ranked) < self.config.elites:
            log.warning("CEM: %d episodes for %d elites; fitting to all of them", len(ranked), self.config.elites)
        chosen = ranked[: self.config.elites]
        if len(ranked) > 1 and max(self.rewards) == min(self.rewards):
            log.warning("CEM: all %d rewards equal %g; the elites say nothing", len(ranked), self.rewards[0])
        fitted_mean, fitted_sigma = self._fit(np.stack([self.residuals[i] for i in chosen]))
        keep = 1.0 - self.config.smoothing
        self._mean = self.config.smoothing * fitted_mean + keep * self._mean
        blended = self.config.smoothing * fitted_sigma + keep * self._sigma
        self._sigma = np.maximum(blended, self.config.sigma_floor * self.sigma0)
        self._elites = tuple(i + 1 for i in chosen)

    def _ranked(self) -> list[int]:
        """Episodes (from 0) within memory, best reward first."""
        told = len(self.rewards)
        start = 0 if self.config.memory is None else max(0, told - self.config.memory)
        sign = 1 if self.config.ties == "earlier" else -1
        return sorted(range(start, told), key=lambda i: (-self.rewards[i], sign * i))

    def _fit(self, elites: Array) -> tuple[Array, Array]:
        """Mean and standard deviation (22,) of elite residuals (E, 22), best first."""
        count = len(elites)
        if self.config.weights == "rank":
            raw = np.log(count + 0.5) - np.log(np.arange(1, count + 1))
            weights = raw / raw.sum()
        else:
            weights = np.full(count, 1.0 / count)
        mean = np.asarray(weights @ elites)
        if count == 1:
            return mean, self._sigma  # one sample has no spread to fit
        variance, squared_error = spread(elites, weights, self.config.ddof)
        return shrunk(mean, squared_error) if self.config.shrink else mean, np.sqrt(variance)

    def _extra_state(self) -> dict[str, Any]:
        return {"mean": self._mean.tolist(), "sigma": self._sigma.tolist(), "elites": list(self._elites)}

    def _load_extra(self, extra: dict[str, Any]) -> None:
        self._mean = np.array(extra["mean"], dtype=np.float64)
        self._sigma = np.array(extra["sigma"], dtype=np.float64)
        self._elites = tuple(extra["elites"])


class SmoothedCem(Cem):
    """The same method with smoothing, a sigma floor, elite memory and rank weights."""

    name: ClassVar[str] = "cem_smooth"
    config_class: ClassVar[type[OptimizerConfig]] = SmoothedCemConfig


class NearCem(Cem):
    """The same method with smaller tries, and without what the elites' mean owes to chance."""

    name: ClassVar[str] = "cem_near"
    config_class: ClassVar[type[OptimizerConfig]] = NearCemConfig
