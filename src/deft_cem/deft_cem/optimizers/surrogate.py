"""Gaussian processes over residuals (BoTorch): of rewards, or of which of two tries was better.

Everything is a pure function of what was told, in double precision on one thread, so a resumed run asks for the very
same residuals. Imported when the first model is fitted: BoTorch and torch take seconds.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from deft_cem.optimizers.base import Array
from deft_cem.policies.network import one_thread


class Surrogate:
    """What a fitted model believes of points (n, k); larger is better."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def belief(self, points: Array) -> tuple[Array, Array]:
        """Mean and standard deviation (n,) of the noise-free utility."""
        with one_thread(), torch.no_grad():
            posterior = self._model.posterior(torch.from_numpy(np.ascontiguousarray(points)))
            return posterior.mean.squeeze(-1).numpy(), posterior.variance.squeeze(-1).clamp_min(0.0).sqrt().numpy()


def _kernel(dims: int) -> Any:
    """One length scale for all directions, which are in table 4's sigmas: eight to thirty tries cannot carry 22.

    Its prior grows with the root of the dimension, as distances do (Hvarfner et al., ICML 2024).
    """
    from gpytorch.constraints import GreaterThan
    from gpytorch.kernels import RBFKernel, ScaleKernel
    from gpytorch.priors import GammaPrior, LogNormalPrior

    prior = LogNormalPrior(0.5 * math.log(dims), 1.0)
    rbf = RBFKernel(lengthscale_prior=prior, lengthscale_constraint=GreaterThan(0.1, initial_value=math.sqrt(dims)))
    return ScaleKernel(rbf, outputscale_prior=GammaPrior(2.0, 1.0), outputscale_constraint=GreaterThan(1e-3))


def reward_model(points: Array, rewards: Array) -> Surrogate:
    """Fit a Gaussian process to rewards (n,) at points (n, k); its utility is in standard deviations of the rewards."""
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from gpytorch.mlls import ExactMarginalLogLikelihood

    values = torch.from_numpy(((rewards - rewards.mean()) / max(float(rewards.std()), 1e-6))[:, None])
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kernel = _kernel(points.shape[1])
        model = SingleTaskGP(torch.from_numpy(points), values, covar_module=kernel.double(), outcome_transform=None)
        _fit(fit_gpytorch_mll, ExactMarginalLogLikelihood(model.likelihood, model))
        return Surrogate(model.eval())


def preference_model(points: Array, pairs: Sequence[tuple[int, int]]) -> Surrogate:
    """Fit a Gaussian process to comparisons: in each pair the first point was better (Chu, Ghahramani, ICML 2005)."""
    from botorch.fit import fit_gpytorch_mll
    from botorch.models.pairwise_gp import PairwiseGP, PairwiseLaplaceMarginalLogLikelihood

    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen = torch.tensor(pairs, dtype=torch.long)
        model = PairwiseGP(torch.from_numpy(points), chosen, covar_module=_kernel(points.shape[1]).double())
        _fit(fit_gpytorch_mll, PairwiseLaplaceMarginalLogLikelihood(model.likelihood, model))
        return Surrogate(model.eval())


def _fit(fit: Any, likelihood: Any) -> None:
    """Fit hyperparameters; where that fails they stay at the middle of their priors, which is a usable model."""
    from botorch.exceptions.errors import ModelFittingError

    try:
        # One attempt: others would draw from torch's global generator, which is not part of the optimiser's state.
        fit(likelihood, max_attempts=1, optimizer_kwargs={"options": {"maxiter": 50}})
    except (ModelFittingError, RuntimeError):
        likelihood.eval()
