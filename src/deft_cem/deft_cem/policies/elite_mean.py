"""The mean of the best residuals, whatever the scene (section 3.2: "we could take the mean values of the top N")."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from deft_cem.policies.base import Array, FitData, Prediction, ResidualPolicy


class EliteMeanPolicy(ResidualPolicy):
    """Proposes the elites' mean residual in every scene."""

    name: ClassVar[str] = "elite_mean"

    def _fit(self, best: FitData, data: FitData, rng: np.random.Generator) -> float:
        del data, rng
        self.tensors |= {"mean": best.residuals.mean(axis=0), "std": best.residuals.std(axis=0)}
        return float(np.mean(self.tensors["std"] ** 2))

    def _predict(self, embedding: Array, prior: Array, rng: np.random.Generator) -> Prediction:
        del embedding, prior, rng
        return self._boxed(self.tensors["mean"], self.tensors["std"], 0.0)
