"""Bayesian optimisation in a trust region, begun at the prior; and the same from comparisons alone.

The first tries are of the prior as it is. The trust region is the distribution of the best tries, as `cem_smooth` fits
it, a little widened: it begins around the prior and narrows as tries agree. Where the cross-entropy method takes a
random draw from it, a Gaussian process that was fitted to all tries chooses among a few hundred: the one it believes
best, with a little credit for what it does not know and a pull towards the prior (table 4's sigmas say how far a grasp
is likely to be off).
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from deft_cem.errors import OptimizerError
from deft_cem.optimizers.base import Array
from deft_cem.optimizers.cem import Cem, SmoothedCemConfig
from deft_core.grasp import HAND

if TYPE_CHECKING:  # torch comes with it: seconds that only these optimisers need, once they fit a model
    from deft_cem.optimizers.surrogate import Surrogate

SUBSPACE_FILE = Path(__file__).with_name("hand_subspace.json")


class TrustRegionConfig(SmoothedCemConfig):
    """Thirty noisy tries in 22 dimensions; chosen on `benchmarks/optimizers.py`, not on any task."""

    warm_up: int = Field(default=8, ge=2)
    # The first so many tries are of the prior as it is. In 22 dimensions no draw comes near it: without them neither
    # model nor elites know how good it is, and a prior that needs no change is changed.
    prior_tries: int = Field(default=2, ge=0)
    elites: int = Field(default=8, ge=1)
    refit: Literal["algorithm1", "prose"] = "prose"
    # Dimensions searched: all 22, or contact, wrist and the first directions in which hands that hold things differ.
    space: Literal["whole", "hand_subspace"] = "whole"
    hand_directions: int = Field(default=4, ge=1, le=16)
    candidates: int = Field(default=300, ge=16)
    # The trust region, in the standard deviations of the best tries.
    radius: float = Field(default=1.5, gt=0.0)
    # Credit for one standard deviation of ignorance, and cost of one of table 4's sigmas from the prior (it grows with
    # the square), both in standard deviations of the rewards.
    optimism: float = Field(default=0.3, ge=0.0)
    pull: float = Field(default=0.03, ge=0.0)


class TrustRegion(Cem):
    """Trust-region Bayesian optimisation of rewards."""

    name: ClassVar[str] = "bayes"
    config_class: ClassVar[type[SmoothedCemConfig]] = TrustRegionConfig
    config: TrustRegionConfig

    def __init__(self, config: TrustRegionConfig, rng: np.random.Generator, sigma: Array | None = None) -> None:
        super().__init__(config, rng, sigma)
        if find_spec("botorch") is None:
            raise OptimizerError(
                f"optimiser {self.name} needs BoTorch: pip install botorch, or use cem, cem_near, cem_smooth or cmaes"
            )
        self._basis = None if config.space == "whole" else subspace(config.hand_directions, self.dim)
        self._known: Surrogate | None = None

    def ask(self) -> Array:
        """Propose a residual (22,)."""
        if len(self.rewards) < self.config.prior_tries:
            return np.zeros(self.dim)
        if len(self.rewards) < self.config.warm_up or not self._informed():
            return self._draw(1, 1.0)[0]
        residuals = self._draw(self.config.candidates, self.config.radius)
        if self._known is None:
            self._known = self._model()
        points = residuals / self._scale
        mean, doubt = self._known.belief(points)
        worth = mean + self.config.optimism * doubt - self.config.pull * (points**2).sum(axis=1)
        return np.asarray(residuals[int(np.argmax(worth))])

    @property
    def _scale(self) -> Array:
        """Table 4's sigmas: the unit of the model's points."""
        return self.sigma0 / self.config.sigma_scale

    def _draw(self, count: int, radius: float) -> Array:
        """Residuals (n, 22) from the trust region."""
        steps = radius * self._sigma * self._rng.standard_normal((count, self.dim))
        if self._basis is not None:
            steps = (steps / self._scale) @ self._basis @ self._basis.T * self._scale
        return self._mean + steps

    def _informed(self) -> bool:
        """Whether what was told can teach a model anything."""
        return max(self.rewards) > min(self.rewards)

    def _points(self) -> Array:
        return np.array(self.residuals) / self._scale

    def _model(self) -> Surrogate:
        from deft_cem.optimizers.surrogate import reward_model

        return reward_model(self._points(), np.array(self.rewards))

    def _learn(self) -> None:
        super()._learn()
        self._known = None

    def _load_extra(self, extra: dict[str, Any]) -> None:
        super()._load_extra(extra)
        self._known = None


class TrustRegionHandConfig(TrustRegionConfig):
    """Contact, wrist and four directions of the hand: ten dimensions instead of 22."""

    space: Literal["whole", "hand_subspace"] = "hand_subspace"
    prior_tries: int = Field(default=0, ge=0)  # it was measured so


class PreferenceConfig(TrustRegionConfig):
    """Two tries of the same residual have nothing to compare."""

    prior_tries: int = Field(default=0, ge=0)


class TrustRegionHand(TrustRegion):
    """The same, with the hand's sixteen joints reduced to a few directions learned from hands that hold things."""

    name: ClassVar[str] = "bayes_hand"
    config_class: ClassVar[type[SmoothedCemConfig]] = TrustRegionHandConfig


class Preference(TrustRegion):
    """Optimisation from comparisons: only which of two tries was better is used, never by how much.

    Rewards that are told count by their order alone (an operator's `--compare` gives such); `prefer` adds comparisons
    of its own.
    """

    name: ClassVar[str] = "preference"
    config_class: ClassVar[type[SmoothedCemConfig]] = PreferenceConfig

    def __init__(self, config: TrustRegionConfig, rng: np.random.Generator, sigma: Array | None = None) -> None:
        super().__init__(config, rng, sigma)
        self._preferred: list[tuple[int, int]] = []

    def prefer(self, better: int, worse: int) -> None:
        """Learn that one told try (counted from 1) was better than another.

        Raises:
            OptimizerError: Not two different tries that were told.
        """
        told = range(1, len(self.rewards) + 1)
        if better not in told or worse not in told or better == worse:
            raise OptimizerError(f"tries {better} and {worse} are not two of the {len(self.rewards)} told")
        self._preferred.append((better, worse))
        self._known = None

    def pairs(self) -> list[tuple[int, int]]:
        """Comparisons (better, worse), tries counted from 0: each try with the next worse ones, and what was added."""
        order = sorted(range(len(self.rewards)), key=lambda i: (-self.rewards[i], i))
        found = [(b - 1, w - 1) for b, w in self._preferred]
        for place, better in enumerate(order):
            worse = [i for i in order[place + 1 :] if self.rewards[i] < self.rewards[better]]
            found += [(better, other) for other in (*worse[:2], *worse[-1:])]
        return list(dict.fromkeys(found))

    def _informed(self) -> bool:
        return bool(self.pairs())

    def _model(self) -> Surrogate:
        from deft_cem.optimizers.surrogate import preference_model

        return preference_model(self._points(), self.pairs())

    def _extra_state(self) -> dict[str, Any]:
        return super()._extra_state() | {"preferred": [list(pair) for pair in self._preferred]}

    def _load_extra(self, extra: dict[str, Any]) -> None:
        super()._load_extra(extra)
        self._preferred = [(int(b), int(w)) for b, w in extra["preferred"]]


@cache
def _directions() -> Array:
    data = json.loads(SUBSPACE_FILE.read_text(encoding="utf-8"))
    return np.array(data["directions"], dtype=np.float64)


def subspace(count: int, dim: int) -> Array:
    """Orthonormal basis (22, 6 + count): contact and wrist, then the hand's first learned directions."""
    directions = _directions()
    if dim != HAND.stop or count > len(directions):
        raise OptimizerError(
            f"the hand's subspace is for {HAND.stop} parameters and up to {len(directions)} directions"
        )
    basis = np.zeros((dim, HAND.start + count))
    basis[: HAND.start, : HAND.start] = np.eye(HAND.start)
    basis[HAND, HAND.start :] = directions[:count].T
    return basis
