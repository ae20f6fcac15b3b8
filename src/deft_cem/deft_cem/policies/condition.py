"""What a policy sees of a scene: a few bounded numbers from the image embedding and the prior.

Ten episodes cannot carry hundreds of inputs. The embedding is projected on the few directions in which the run's own
scenes differ, the prior likewise (in units of table 4's sigmas). A part that is unlike anything in the training scenes,
along those directions or off them, counts for nothing: a new object gets what all scenes have in common rather than
an extrapolation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deft_core.config import Settings
from deft_core.grasp import SIGMA_INITIAL

Array = NDArray[np.float64]


class ConditionConfig(Settings):
    """How much of the scene a policy may use."""

    embedding_components: int = Field(default=2, ge=0)
    prior_components: int = Field(default=2, ge=0)
    # Standard deviations from the training scenes up to which a part of the condition counts in full.
    limit: float = Field(default=2.0, gt=0.0)


def fit_condition(config: ConditionConfig, embeddings: Array, priors: Array) -> dict[str, Array]:
    """Find the projection from a run's scenes.

    Args:
        config: Sizes and limit.
        embeddings: (n, d); all episodes of the run, whatever their reward.
        priors: (n, 22) grasp parameters.

    Returns:
        Tensors for `apply_condition`.
    """
    parts = (
        ("embedding", embeddings, config.embedding_components, np.ones(embeddings.shape[1])),
        ("prior", priors, config.prior_components, SIGMA_INITIAL),
    )
    tensors: dict[str, Array] = {"condition_limit": np.array([config.limit])}
    for name, values, components, scale in parts:
        mean = values.mean(axis=0)
        axes, spread = _principal_axes((values - mean) / scale, components)
        centred = (values - mean) / scale
        off = np.linalg.norm(centred - centred @ axes.T @ axes, axis=1)
        tensors |= {
            f"{name}_mean": mean,
            f"{name}_scale": np.array(scale, dtype=np.float64),
            f"{name}_axes": axes,
            f"{name}_spread": spread,
            f"{name}_off": np.array([np.sqrt(np.mean(off**2))]),
        }
    return tensors


def _principal_axes(centred: Array, components: int) -> tuple[Array, Array]:
    """Principal directions (k, d) of centred rows and the standard deviation along each; signs made unique."""
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    spread = singular / np.sqrt(max(len(centred) - 1, 1))
    # Directions with next to no spread would be blown up to unit variance: noise, not signal.
    count = min(components, int(np.sum(spread > 1e-3 * max(spread[0], 1e-12)))) if spread[0] > 1e-9 else 0
    axes, spread = axes[:count], spread[:count]
    peak = axes[np.arange(count), np.abs(axes).argmax(axis=1)]
    return axes * np.sign(peak)[:, None], spread


def apply_condition(tensors: dict[str, Array], embedding: Array, prior: Array) -> tuple[Array, float]:
    """Turn one scene, or rows of scenes, into conditions.

    Args:
        tensors: Of `fit_condition`.
        embedding: (d,) or (n, d).
        prior: (22,) or (n, 22).

    Returns:
        Conditions (k,) or (n, k), and how far the scene (of rows, the farthest) is from the training scenes, in
        their standard deviations.
    """
    limit = float(tensors["condition_limit"][0])
    parts, novelty = [], 0.0
    for name, value in (("embedding", embedding), ("prior", prior)):
        centred = (value - tensors[f"{name}_mean"]) / tensors[f"{name}_scale"]
        axes = tensors[f"{name}_axes"]
        along = centred @ axes.T
        off = np.linalg.norm(centred - along @ axes, axis=-1, keepdims=True) / max(tensors[f"{name}_off"][0], 1e-9)
        scores = along / tensors[f"{name}_spread"]
        distance = np.maximum(np.abs(scores).max(axis=-1, initial=0.0, keepdims=True), off)
        parts.append(scores * np.exp(-0.5 * np.maximum(distance - limit, 0.0) ** 2))
        novelty = max(novelty, float(distance.max()))
    return np.concatenate(parts, axis=-1), novelty
