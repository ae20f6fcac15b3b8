"""Residual policies, by name. torch is imported only by the policies that learn with it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from deft_cem.errors import PolicyError
from deft_cem.policies.base import (
    FitData,
    FitReport,
    Prediction,
    ResidualPolicy,
    parse_policy_config,
)
from deft_cem.policies.file import check_policy_out, read_policy_file

POLICIES: dict[str, str] = {
    "cvae": "deft_cem.policies.cvae:CvaePolicy",
    "mlp": "deft_cem.policies.mlp:MlpPolicy",
    "transformer": "deft_cem.policies.transformer:TransformerPolicy",
    "direct": "deft_cem.policies.cvae:DirectPolicy",
    "elite_mean": "deft_cem.policies.elite_mean:EliteMeanPolicy",
}


def _kind(name: str) -> type[ResidualPolicy]:
    if name not in POLICIES:
        raise PolicyError(f"no policy {name!r}; there are {', '.join(POLICIES)}")
    module, attribute = POLICIES[name].split(":")
    kind: type[ResidualPolicy] = getattr(import_module(module), attribute)
    return kind


def make_policy(name: str, options: dict[str, Any] | None = None) -> ResidualPolicy:
    """Make an unfitted policy by name.

    Raises:
        PolicyError: No such policy, or no such option.
    """
    kind = _kind(name)
    return kind(parse_policy_config(kind, options or {}))


def load_policy(path: Path) -> ResidualPolicy:
    """Load a fitted policy from its file.

    Raises:
        PolicyError: Missing, damaged, newer, or not a policy.
    """
    about, tensors = read_policy_file(path)
    policy = make_policy(about["policy"], about["config"])
    policy.tensors, policy.origin = tensors, about["origin"]
    return policy


__all__ = [
    "POLICIES",
    "FitData",
    "FitReport",
    "Prediction",
    "ResidualPolicy",
    "check_policy_out",
    "load_policy",
    "make_policy",
]
