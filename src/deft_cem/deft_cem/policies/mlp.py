"""The paper's ablation "DEFT w/ MLP" (table 3): a network that regresses the residual on the scene."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from pydantic import Field

from deft_cem.policies.base import Array, FitData, PolicyConfig, Prediction, ResidualPolicy
from deft_cem.policies.condition import ConditionConfig, apply_condition, fit_condition
from deft_cem.policies.network import generator_from, layer, minimise, numpy_of, one_thread
from deft_core.grasp import GRASP_DIM, SIGMA_INITIAL


class MlpConfig(PolicyConfig):
    """Sizes; the condition is the cVAE's, so that only the model differs."""

    hidden: int = Field(default=32, ge=1)
    condition: ConditionConfig = ConditionConfig()
    weight_decay: float = Field(default=0.02, ge=0.0)
    steps: int = Field(default=400, ge=1)
    learning_rate: float = Field(default=0.01, gt=0.0)


class MlpPolicy(ResidualPolicy):
    """One hidden layer, squared error; the mean of whatever modes the elites have."""

    name: ClassVar[str] = "mlp"
    config_class: ClassVar[type[PolicyConfig]] = MlpConfig
    config: MlpConfig

    def _fit(self, best: FitData, data: FitData, rng: np.random.Generator) -> float:
        mean = best.residuals.mean(axis=0)
        scale = np.maximum(best.residuals.std(axis=0), 0.1 * SIGMA_INITIAL)
        self.tensors |= {"target_mean": mean, "target_scale": scale}
        self.tensors |= fit_condition(self.config.condition, data.embeddings, data.priors)
        conditions, _ = apply_condition(self.tensors, best.embeddings, best.priors)
        with one_thread():
            loss = self._train((best.residuals - mean) / scale, conditions, generator_from(rng))
        errors = self._regress(conditions) - best.residuals
        self.tensors["error_std"] = np.sqrt((errors**2).mean(axis=0))
        return loss

    def _train(self, target: Array, conditions: Array, generator: torch.Generator) -> float:
        w1, b1 = layer(conditions.shape[1], self.config.hidden, generator)
        w2, b2 = layer(self.config.hidden, GRASP_DIM, generator, gain=0.3)
        x, c = torch.from_numpy(target), torch.from_numpy(conditions)

        def loss() -> torch.Tensor:
            return ((torch.tanh(c @ w1.T + b1) @ w2.T + b2 - x) ** 2).sum(1).mean()

        final = minimise(
            loss, [([w1, b1, w2, b2], self.config.weight_decay)], self.config.steps, self.config.learning_rate
        )
        self.tensors |= {"w1": numpy_of(w1), "b1": numpy_of(b1), "w2": numpy_of(w2), "b2": numpy_of(b2)}
        return final

    def _regress(self, conditions: Array) -> Array:
        t = self.tensors
        hidden = np.tanh(conditions @ t["w1"].T + t["b1"])
        return (hidden @ t["w2"].T + t["b2"]) * t["target_scale"] + t["target_mean"]

    def _predict(self, embedding: Array, prior: Array, rng: np.random.Generator) -> Prediction:
        del rng
        condition, novelty = apply_condition(self.tensors, embedding, prior)
        return self._boxed(self._regress(condition), self.tensors["error_std"], novelty)
