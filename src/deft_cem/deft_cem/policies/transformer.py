"""The paper's ablation "DEFT w/ Transformer" (table 3): told the reward, a transformer predicts the residual.

An offline method after the decision transformer (Chen et al., 2021): fitted to *all* episodes, good and bad, with the
reward among its inputs; at test time it is asked for the highest reward. One try is one step, so a sequence is the
reward, the numbers of the scene (`deft_cem.policies.condition`) and a query, each a token; the query's output is the
residual. What its inputs do not explain comes out as the mean of the episodes with such a reward.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from deft_cem.policies.base import Array, FitData, PolicyConfig, Prediction, ResidualPolicy
from deft_cem.policies.condition import ConditionConfig, apply_condition, fit_condition
from deft_cem.policies.network import generator_from, layer, minimise, numpy_of, one_thread
from deft_core.grasp import GRASP_DIM, SIGMA_INITIAL


class TransformerConfig(PolicyConfig):
    """Sizes; the paper gives none. `elites` only says over which episodes the uncertainty is measured."""

    width: int = Field(default=16, ge=2, multiple_of=2)
    layers: int = Field(default=2, ge=1)
    condition: ConditionConfig = ConditionConfig()
    # Noise on the inputs while fitting, in their standard deviations: thirty episodes are learned by heart without.
    input_noise: float = Field(default=0.3, ge=0.0)
    weight_decay: float = Field(default=0.1, ge=0.0)
    steps: int = Field(default=300, ge=1)
    learning_rate: float = Field(default=0.01, gt=0.0)


class TransformerPolicy(ResidualPolicy):
    """Self-attention over reward, scene and query; asked for the highest reward it has seen."""

    name: ClassVar[str] = "transformer"
    config_class: ClassVar[type[PolicyConfig]] = TransformerConfig
    config: TransformerConfig
    fits_all: ClassVar[bool] = True

    def _fit(self, best: FitData, data: FitData, rng: np.random.Generator) -> float:
        mean, rewards = data.residuals.mean(axis=0), data.rewards
        scale = np.maximum(data.residuals.std(axis=0), 0.1 * SIGMA_INITIAL)
        self.tensors |= {"target_mean": mean, "target_scale": scale}
        self.tensors["reward"] = np.array([rewards.mean(), max(float(rewards.std()), 1e-3), rewards.max()])
        self.tensors |= fit_condition(self.config.condition, data.embeddings, data.priors)
        conditions, _ = apply_condition(self.tensors, data.embeddings, data.priors)
        with one_thread():
            target = (data.residuals - mean) / scale
            loss = self._train(target, self._inputs(conditions, rewards), generator_from(rng))
            elites, _ = apply_condition(self.tensors, best.embeddings, best.priors)
            errors = self._regress(self._inputs(elites, best.rewards)) - best.residuals
        self.tensors["error_std"] = np.maximum(np.sqrt((errors**2).mean(axis=0)), 1e-6)
        return loss

    def _inputs(self, conditions: Array, rewards: Array) -> Array:
        """One row a sequence (n, 1 + k): standardised reward, then the scene."""
        mean, spread, _ = self.tensors["reward"]
        return np.concatenate([((rewards - mean) / spread)[:, None], conditions], axis=1)

    def _train(self, target: Array, inputs: Array, generator: torch.Generator) -> float:
        net = self._make(inputs.shape[1], generator)
        x, y = torch.from_numpy(inputs), torch.from_numpy(target)

        def loss() -> Tensor:
            noise = torch.randn(x.shape, generator=generator, dtype=torch.float64)
            return ((_forward(net, x + self.config.input_noise * noise, self.config.layers) - y) ** 2).sum(1).mean()

        groups = [(list(net.values()), self.config.weight_decay)]
        final = minimise(loss, groups, self.config.steps, self.config.learning_rate)
        self.tensors |= {f"net_{name}": numpy_of(value) for name, value in net.items()}
        return final

    def _make(self, inputs: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Weights by name: token values and places, then per layer attention and feed-forward, then the output."""
        d = self.config.width
        value, place = layer(1, inputs * d, generator)[0], layer(1, (inputs + 1) * d, generator, gain=0.3)[0]
        net = {"value": value, "place": place}
        for i in range(self.config.layers):
            for part, (rows, columns, gain) in {
                "qkv": (d, 3 * d, 1.0),
                "mix": (d, d, 0.3),
                "up": (d, 2 * d, 1.0),
                "down": (2 * d, d, 0.3),
            }.items():
                net[f"{part}{i}"], net[f"{part}{i}_b"] = layer(rows, columns, generator, gain)
        net["out"], net["out_b"] = layer(d, GRASP_DIM, generator, gain=0.1)
        return net

    def _regress(self, inputs: Array) -> Array:
        net = {k.removeprefix("net_"): torch.from_numpy(v) for k, v in self.tensors.items() if k.startswith("net_")}
        with torch.no_grad():
            out = _forward(net, torch.from_numpy(inputs), self.config.layers).numpy()
        return np.asarray(out * self.tensors["target_scale"] + self.tensors["target_mean"])

    def _predict(self, embedding: Array, prior: Array, rng: np.random.Generator) -> Prediction:
        del rng
        condition, novelty = apply_condition(self.tensors, embedding, prior)
        asked = self._inputs(condition[None], self.tensors["reward"][2:])
        with one_thread():
            return self._boxed(self._regress(asked)[0], self.tensors["error_std"], novelty)


def _norm(x: Tensor) -> Tensor:
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()


def _forward(net: dict[str, Tensor], inputs: Tensor, layers: int, heads: int = 2) -> Tensor:
    """Outputs (n, 22) of inputs (n, t): pre-norm transformer encoder over t + 1 tokens, the first of them the query."""
    rows, count = inputs.shape
    place = net["place"].reshape(count + 1, -1)
    tokens = inputs[:, :, None] * net["value"].reshape(count, -1)
    x = torch.cat([torch.zeros_like(tokens[:, :1]), tokens], dim=1) + place
    width = x.shape[-1]
    for i in range(layers):
        qkv = (_norm(x) @ net[f"qkv{i}"].T + net[f"qkv{i}_b"]).reshape(rows, count + 1, 3, heads, width // heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-1, -2) / (width // heads) ** 0.5, dim=-1)
        mixed = (weights @ v).transpose(1, 2).reshape(rows, count + 1, width)
        x = x + mixed @ net[f"mix{i}"].T + net[f"mix{i}_b"]
        hidden = torch.nn.functional.gelu(_norm(x) @ net[f"up{i}"].T + net[f"up{i}_b"])
        x = x + hidden @ net[f"down{i}"].T + net[f"down{i}_b"]
    return _norm(x[:, 0]) @ net["out"].T + net["out_b"]
