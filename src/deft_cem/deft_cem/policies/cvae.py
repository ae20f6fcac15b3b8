"""The paper's policy: a conditional VAE over residuals (section 3.2), fitted to the ten best episodes.

Encoder q(z | delta, c) and decoder p(delta | z, c) with c = (phi(I), xi). Ten episodes of 22 numbers are mostly noise
around what made them good, and a decoder that can reproduce them repeats that noise in every trial. Four restraints:

- the decoder's noise is set to the edge of pure noise, so z is spent only on what stands out of it, such as two modes;
- the condition is a few numbers that vanish far from the training scenes (`deft_cem.policies.condition`); it enters
  linearly, under a ridge, and is often dropped in training, so that z has to carry what the scene does not explain;
- what neither carries is the elites' mean, each weighed by how much better it was than the average try, and believed
  as far as it is beyond its own standard error. Where no try stands out, the prior is changed little;
- where the prior itself was among the tries, all of this counts only as far as the best tries earned more than it by
  more than chance (`deft_cem.shrinkage.departure`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from deft_cem.policies.base import Array, FitData, PolicyConfig, Prediction, ResidualPolicy, outside_names
from deft_cem.policies.condition import ConditionConfig, apply_condition, fit_condition
from deft_cem.policies.network import generator_from, layer, minimise, numpy_of, one_thread
from deft_cem.shrinkage import credit, departure, shrunk, spread
from deft_core.grasp import GRASP_DIM, SIGMA_INITIAL


class CvaeConfig(PolicyConfig):
    """Sizes and restraints; the paper gives none of them."""

    latent: int = Field(default=2, ge=1)
    hidden: int = Field(default=16, ge=1)
    beta: float = Field(default=1.0, gt=0.0)
    # Decoder noise, in the spread of the elites. None: 1 + sqrt(22 / episodes), the edge up to which the principal
    # spreads of pure noise reach (Marchenko and Pastur); z is spent on what stands out of it, such as two modes.
    noise: float | None = Field(default=None, gt=0.0)
    condition: ConditionConfig = ConditionConfig()
    condition_dropout: float = Field(default=0.3, ge=0.0, lt=1.0)
    condition_noise: float = Field(default=0.5, ge=0.0)
    # Prior standard deviation of the condition's weights, as a share of what noise leaves (ridge regression).
    condition_scale: float = Field(default=0.4, gt=0.0)
    # Weigh each of the ten best by its advantage over the average try; "equal" is the paper. Of thirty tries on a
    # spoon one may succeed, and nine of the ten best then did nothing.
    weights: Literal["equal", "advantage"] = "advantage"
    # Pull the elites' mean towards the prior by its standard error: safer with a prior that is good already (see
    # benchmarks/optimizers.py), slower away from one that is not. The paper takes the mean as it is.
    shrink: bool = True
    # Leave a prior that was tried as it is no further than the best tries were better by more than chance.
    keep: bool = True
    steps: int = Field(default=400, ge=1)
    learning_rate: float = Field(default=0.01, gt=0.0)
    # Copies of each episode in a step, each with its own z, condition noise and dropout.
    copies: int = Field(default=16, ge=1)
    # Draws of z ~ N(0, I) at test time; the decoded residual with the closest neighbours is taken, which is the
    # centre of a mode rather than its edge. 1 is the paper: a single draw.
    z_samples: int = Field(default=32, ge=1)


class CvaePolicy(ResidualPolicy):
    """Samples z ~ N(0, I) and decodes it under the scene's condition."""

    name: ClassVar[str] = "cvae"
    config_class: ClassVar[type[PolicyConfig]] = CvaeConfig
    config: CvaeConfig

    def _fit(self, best: FitData, data: FitData, rng: np.random.Generator) -> float:
        target = self._target(best)
        if self.config.weights == "advantage":
            weights = credit(best.rewards, data.rewards)
        else:
            weights = np.full(len(best), 1.0 / len(best))
        mean = weights @ target
        # One scale for all, in units of table 4: a parameter in which the elites agree must not be blown up to weigh as
        # much as one in which they differ.
        width = np.sqrt(np.mean(weights @ ((target - mean) / SIGMA_INITIAL) ** 2))
        scale = max(float(width), 0.1) * SIGMA_INITIAL
        self.tensors["target_scale"] = scale
        self.tensors |= fit_condition(self.config.condition, data.embeddings, data.priors)
        conditions, _ = apply_condition(self.tensors, best.embeddings, best.priors)
        with one_thread():
            loss = self._train((target - mean) / scale, conditions, weights, generator_from(rng))
        self.tensors["target_mean"] = self._centre(target, weights)
        share = self._departure(best, data)
        if share < 1.0:  # then the prior as it is was tried, so it is in the box
            self.tensors |= {
                "departure": np.array([share]),
                "box_low": np.minimum(self.tensors["box_low"], 0.0),
                "box_high": np.maximum(self.tensors["box_high"], 0.0),
            }
        return loss

    def _centre(self, target: Array, weights: Array) -> Array:
        """What the decoder adds to (22,): the mean of the targets (n, 22), as far as it is to be believed."""
        mean = np.asarray(weights @ target)
        return shrunk(mean, spread(target, weights, 1)[1]) if self.config.shrink else mean

    def _departure(self, best: FitData, data: FitData) -> float:
        """How far to leave the prior, from 0 (not at all) to 1: see `departure`."""
        of_prior = np.asarray((data.residuals == 0.0).all(axis=1))
        return departure(data.rewards, of_prior, best.rewards) if self.config.keep else 1.0

    def _target(self, best: FitData) -> Array:
        """What is modelled (n, 22): the residuals."""
        return best.residuals

    def _train(self, target: Array, conditions: Array, weights: Array, generator: torch.Generator) -> float:
        noise = self.config.noise or 1.0 + (GRASP_DIM / len(target)) ** 0.5
        c, h, z = conditions.shape[1], self.config.hidden, self.config.latent
        net = {
            "encoder_1": layer(GRASP_DIM + c, h, generator),
            "encoder_2": layer(h, 2 * z, generator, gain=0.1),
            "decoder_z": layer(z, h, generator),
            "decoder_c": layer(c, GRASP_DIM, generator, gain=0.1),
            "decoder_2": layer(h, GRASP_DIM, generator, gain=0.3),
        }
        x_all = torch.from_numpy(np.tile(target, (self.config.copies, 1)))
        c_all = torch.from_numpy(np.tile(conditions, (self.config.copies, 1)))
        share = torch.from_numpy(np.tile(weights / self.config.copies, self.config.copies))

        def draw(rows: int, columns: int) -> Tensor:
            return torch.randn(rows, columns, generator=generator, dtype=torch.float64)

        def loss() -> Tensor:
            rows = len(x_all)
            kept = torch.rand(rows, 1, generator=generator, dtype=torch.float64) >= self.config.condition_dropout
            seen = (c_all + self.config.condition_noise * draw(rows, c)) * kept
            code = _affine(torch.tanh(_affine(torch.cat([x_all, seen], 1), net["encoder_1"])), net["encoder_2"])
            mu, log_var = code[:, :z], code[:, z:].clamp(-8.0, 8.0)
            sample = mu + torch.exp(0.5 * log_var) * draw(rows, z)
            guess = _decode(net, sample, seen)
            misfit = ((guess - x_all) ** 2).sum(1) / (2.0 * noise**2)
            divergence = 0.5 * (mu**2 + log_var.exp() - 1.0 - log_var).sum(1)
            ridge = (net["decoder_c"][0] ** 2).sum() / (2.0 * len(target) * (self.config.condition_scale * noise) ** 2)
            return (share * (misfit + self.config.beta * divergence)).sum() + ridge

        parameters = [p for pair in net.values() for p in pair]
        final = minimise(loss, [(parameters, 0.0)], self.config.steps, self.config.learning_rate)
        for name, (weight, bias) in net.items():
            self.tensors |= {f"{name}_weight": numpy_of(weight), f"{name}_bias": numpy_of(bias)}
        return final

    def decode(self, z: Array, condition: Array) -> Array:
        """Decode latents (n, latent) under one condition (k,) to targets (n, 22), in NumPy."""
        t = self.tensors
        hidden = np.tanh(z @ t["decoder_z_weight"].T + t["decoder_z_bias"])
        shape = hidden @ t["decoder_2_weight"].T + t["decoder_2_bias"]
        shift = condition @ t["decoder_c_weight"].T + t["decoder_c_bias"]
        return (shape + shift) * t["target_scale"] + t["target_mean"]

    def _predict(self, embedding: Array, prior: Array, rng: np.random.Generator) -> Prediction:
        condition, novelty = apply_condition(self.tensors, embedding, prior)
        draws = self.decode(rng.standard_normal((self.config.z_samples, self.config.latent)), condition)
        chosen = draws[_densest(draws / self.tensors["target_scale"])]
        return self._finish(chosen, self._spread(condition), novelty, prior)

    def _spread(self, condition: Array) -> Array:
        """Standard deviation (22,) of the decoded distribution: of z, and the decoder's own noise."""
        z = np.random.default_rng(0).standard_normal((256, self.config.latent))  # a fixed quadrature, not chance
        noise = self.tensors["target_scale"]
        return np.sqrt(self.decode(z, condition).var(axis=0) + noise**2)

    def _finish(self, target: Array, std: Array, novelty: float, prior: Array) -> Prediction:
        del prior
        held = self._boxed(target, std, novelty)
        share = float(self.tensors["departure"][0]) if "departure" in self.tensors else 1.0
        return replace(held, residual=share * held.residual)


class DirectPolicy(CvaePolicy):
    """The paper's ablation: the same VAE over the grasp parameters themselves instead of the residual (table 3).

    It is held to the box of parameters it saw; seen as a residual it may leave the residual box, and then says so.
    """

    name: ClassVar[str] = "direct"

    def _target(self, best: FitData) -> Array:
        target = best.priors + best.residuals
        self.tensors |= {"parameters_low": target.min(axis=0), "parameters_high": target.max(axis=0)}
        return target

    def _centre(self, target: Array, weights: Array) -> Array:
        return np.asarray(weights @ target)  # grasp parameters have no zero to be pulled to

    def _departure(self, best: FitData, data: FitData) -> float:
        return 1.0  # it takes no prior that it could keep

    def _finish(self, target: Array, std: Array, novelty: float, prior: Array) -> Prediction:
        held = np.clip(target, self.tensors["parameters_low"], self.tensors["parameters_high"])
        return Prediction(held - prior, std, novelty, outside_names(held - prior, self.tensors))


def _affine(values: Tensor, pair: tuple[Tensor, Tensor]) -> Tensor:
    return values @ pair[0].T + pair[1]


def _decode(net: dict[str, tuple[Tensor, Tensor]], z: Tensor, condition: Tensor) -> Tensor:
    return _affine(torch.tanh(_affine(z, net["decoder_z"])), net["decoder_2"]) + _affine(condition, net["decoder_c"])


def _densest(rows: Array) -> int:
    """Index of the row with the closest quarter of its neighbours."""
    distances = np.sort(np.linalg.norm(rows[:, None] - rows[None], axis=2), axis=1)
    return int(np.argmin(distances[:, len(rows) // 4]))
