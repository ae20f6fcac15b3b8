"""CMA-ES over residuals (the `cmaes` library), started from table 4's Gaussian or warm-started from other episodes.

Residuals are scaled by the initial sigma, so that the library sees a unit Gaussian. The library's own state leaves out
its random generator, so this class saves what it was asked and told instead and replays it.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from cmaes import CMA, get_warm_start_mgd
from pydantic import Field

from deft_cem.errors import OptimizerError
from deft_cem.optimizers.base import Array, Distribution, Optimizer, OptimizerConfig, check_reward


class CmaEsConfig(OptimizerConfig):
    """CMA-ES for thirty tries."""

    # The library's default at n = 22 is 13, 2.3 generations in thirty episodes; ten makes it three whole ones, the
    # first as long as the paper's warm-up.
    population: int = Field(default=10, ge=3)
    # Earlier episodes (residual, reward) of another run or task: the start is fitted to the best `warm_gamma` of them
    # (Nomura et al., Warm Starting CMA-ES, AAAI 2021), widened by `warm_alpha`.
    warm_start: tuple[tuple[tuple[float, ...], float], ...] = ()
    warm_gamma: float = Field(default=0.3, gt=0.0, le=1.0)
    warm_alpha: float = Field(default=0.1, gt=0.0)


class CmaEs(Optimizer):
    """Full-covariance evolution strategy, one generation every `population` episodes."""

    name: ClassVar[str] = "cmaes"
    config_class: ClassVar[type[OptimizerConfig]] = CmaEsConfig
    config: CmaEsConfig

    def __init__(self, config: CmaEsConfig, rng: np.random.Generator, sigma: Array | None = None) -> None:
        super().__init__(config, rng, sigma)
        self._seed = int(rng.integers(2**31))
        self._asked_before_tell: list[int] = []
        self._asked = 0
        self._cma = self._start()
        self._generation: list[tuple[Array, float]] = []

    def _start(self) -> CMA:
        mean, scale, cov = np.zeros(self.dim), 1.0, np.eye(self.dim)
        if self.config.warm_start:
            if len(self.config.warm_start) * self.config.warm_gamma < 1.0:
                raise OptimizerError(
                    f"the best {self.config.warm_gamma:g} of {len(self.config.warm_start)} warm_start episodes is "
                    f"not one episode; give at least {math.ceil(1.0 / self.config.warm_gamma)}, or a larger warm_gamma"
                )
            if any(len(residual) != self.dim for residual, _ in self.config.warm_start):
                raise OptimizerError(f"warm_start residuals must have {self.dim} numbers each")
            source = [(np.array(r) / self.sigma0, -check_reward(reward)) for r, reward in self.config.warm_start]
            mean, scale, cov = get_warm_start_mgd(source, self.config.warm_gamma, self.config.warm_alpha)
        return CMA(mean=mean, sigma=scale, cov=cov, seed=self._seed, population_size=self.config.population)

    def ask(self) -> Array:
        """Draw a residual (22,) from the present generation's Gaussian."""
        self._asked += 1
        return np.asarray(self._cma.ask(), dtype=np.float64) * self.sigma0

    def _learn(self) -> None:
        self._asked_before_tell.append(self._asked)
        self._take(self.residuals[-1], self.rewards[-1])

    def _take(self, residual: Array, reward: float) -> None:
        self._generation.append((residual / self.sigma0, -reward))  # the library minimises
        if len(self._generation) == self.config.population:
            self._cma.tell(self._generation)
            self._generation = []

    def distribution(self) -> Distribution:
        """Describe the Gaussian by its mean and the roots of its covariance's diagonal."""
        done = len(self.rewards) - len(self._generation)
        ranked = sorted(range(done), key=lambda i: -self.rewards[i])[: self.config.population // 2]
        mean = np.asarray(self._cma.mean, dtype=np.float64) * self.sigma0
        spread = np.sqrt(np.diag(np.asarray(self._cma._C))) * float(self._cma._sigma) * self.sigma0
        elites = tuple(i + 1 for i in ranked)
        return Distribution(mean, spread, done > 0, elites, tuple(self.rewards[i] for i in ranked))

    def _extra_state(self) -> dict[str, Any]:
        return {"seed": self._seed, "asked": self._asked, "asked_before_tell": list(self._asked_before_tell)}

    def _load_extra(self, extra: dict[str, Any]) -> None:
        self._seed = int(extra["seed"])
        self._asked_before_tell = list(extra["asked_before_tell"])
        self._cma = self._start()
        self._generation = []
        self._asked = 0
        for residual, reward, asked in zip(self.residuals, self.rewards, self._asked_before_tell, strict=True):
            self._draw_until(asked)
            self._take(residual, reward)
        self._draw_until(int(extra["asked"]))

    def _draw_until(self, asked: int) -> None:
        while self._asked < asked:
            self._cma.ask()
            self._asked += 1
