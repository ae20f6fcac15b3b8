"""Ask/tell optimisers of residuals, by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from deft_cem.errors import OptimizerError
from deft_cem.optimizers.base import Distribution, Optimizer, check_reward, parse_config
from deft_cem.optimizers.bayes import Preference, TrustRegion, TrustRegionHand
from deft_cem.optimizers.cem import Cem, CemConfig, NearCem, SmoothedCem
from deft_cem.optimizers.cmaes import CmaEs

OPTIMIZERS: dict[str, type[Optimizer]] = {
    c.name: c for c in (Cem, NearCem, SmoothedCem, CmaEs, TrustRegion, TrustRegionHand, Preference)
}


def make_optimizer(name: str, rng: np.random.Generator, options: dict[str, Any] | None = None) -> Optimizer:
    """Make an optimiser by name.

    Args:
        name: A key of OPTIMIZERS.
        rng: PCG64 generator, owned by the optimiser from here on.
        options: Fields of its config; defaults are the paper's for `cem`.

    Raises:
        OptimizerError: No such optimiser, or no such option.
    """
    if name not in OPTIMIZERS:
        raise OptimizerError(f"no optimiser {name!r}; there are {', '.join(OPTIMIZERS)}")
    kind = OPTIMIZERS[name]
    return kind(parse_config(kind.config_class, options or {}, f"optimiser {name}"), rng)


__all__ = [
    "OPTIMIZERS",
    "Cem",
    "CemConfig",
    "CmaEs",
    "Distribution",
    "NearCem",
    "Optimizer",
    "Preference",
    "SmoothedCem",
    "TrustRegion",
    "TrustRegionHand",
    "check_reward",
    "make_optimizer",
]
