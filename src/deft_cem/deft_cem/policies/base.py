"""What every residual policy is: fitted to the best episodes, asked once a scene, saved as one safetensors file."""

from __future__ import annotations

import hashlib
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deft_cem.errors import PolicyError
from deft_cem.policies.file import FORMAT_VERSION, pack, write
from deft_core.config import Settings, validate
from deft_core.errors import ConfigError
from deft_core.grasp import GRASP_DIM, PARAMETER_NAMES

Array = NDArray[np.float64]
log = logging.getLogger(__name__)

# Rounding, not motion: a prediction this close to the box counts as inside (m, rad).
BOX_TOLERANCE = 1e-9


@dataclass(frozen=True)
class FitData:
    """Episodes a policy learns from, one row each, in the order they were run.

    Attributes:
        residuals: (n, 22) what was added to the prior.
        priors: (n, 22) what the affordance model proposed.
        embeddings: (n, d) image embedding of the initial crop.
        rewards: (n,) in [0, 1].
        task: Task name.
        hand: Name of the hand the joint angles are for.
        encoder_hash: SHA-256 of the weights that made the embeddings.
    """

    residuals: Array
    priors: Array
    embeddings: Array
    rewards: Array
    task: str = ""
    hand: str = ""
    encoder_hash: str = ""

    def __post_init__(self) -> None:
        if len(self.residuals) == 0:
            raise PolicyError("no finished episode to fit a policy to; run some first")
        for name, width in (("residuals", GRASP_DIM), ("priors", GRASP_DIM), ("embeddings", None), ("rewards", 0)):
            value = np.array(getattr(self, name), dtype=np.float64)
            ok = value.ndim == 1 if width == 0 else value.ndim == 2 and width in (None, value.shape[1])
            if not ok or len(value) != len(self.residuals) or not np.all(np.isfinite(value)):
                raise PolicyError(f"{name} of shape {value.shape} is not {len(self.residuals)} finite rows")
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.residuals)

    def best(self, count: int) -> FitData:
        """Keep the `count` best episodes, best first, the earlier of two equal rewards first (algorithm 1)."""
        order = np.argsort(-self.rewards, kind="stable")[:count]
        rows = {k: getattr(self, k)[order] for k in ("residuals", "priors", "embeddings", "rewards")}
        return replace(self, **rows)


class PolicyConfig(Settings):
    """Options every policy takes."""

    # Fitted to this many best episodes (paper: the top ten).
    elites: int = Field(default=10, ge=1)


@dataclass(frozen=True)
class Prediction:
    """What a policy proposes in one scene.

    Attributes:
        residual: (22,) to be added to the prior.
        std: (22,) the policy's own uncertainty, same units.
        novelty: How far the scene is from the training scenes, in their standard deviations.
        outside: Names of parameters that left the residual box of the training episodes (held at its edge where the
            policy predicts residuals).
    """

    residual: Array
    std: Array
    novelty: float = 0.0
    outside: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """Say in one line what the reader should know; empty when there is nothing."""
        if not self.outside:
            return ""
        return f"left the residual box it was trained in: {', '.join(self.outside)}"


@dataclass(frozen=True)
class FitReport:
    """How a fit went."""

    episodes: int
    elites: int
    loss: float
    notes: tuple[str, ...] = field(default=())


class ResidualPolicy(ABC):
    """Maps (image embedding, prior) to a residual.

    Args:
        config: Options; `config_class` of the subclass.
    """

    name: ClassVar[str]
    config_class: ClassVar[type[PolicyConfig]] = PolicyConfig
    # Fitted to all episodes instead of the best: then their box is the training box.
    fits_all: ClassVar[bool] = False

    def __init__(self, config: PolicyConfig) -> None:
        self.config = config
        self.tensors: dict[str, Array] = {}
        self.origin: dict[str, Any] = {}

    def fit(self, data: FitData, rng: np.random.Generator) -> FitReport:
        """Learn from episodes; the same data and generator state give the same weights.

        Fewer episodes than elites, or rewards that are all equal, are fitted with a warning.
        """
        notes = []
        best = data.best(self.config.elites)
        if len(best) < self.config.elites:
            notes.append(f"fitted to {len(best)} episodes, {self.config.elites} were wanted")
        if len(data) > 1 and np.ptp(data.rewards) == 0.0:
            notes.append(f"all {len(data)} rewards equal {data.rewards[0]:g}: the choice of episodes says nothing")
        for note in notes:
            log.warning("policy %s: %s", self.name, note)
        used = data if self.fits_all else best
        self.tensors = {"box_low": used.residuals.min(axis=0), "box_high": used.residuals.max(axis=0)}
        self.origin = {
            "task": data.task,
            "hand": data.hand,
            "encoder_hash": data.encoder_hash,
            "embedding_dim": data.embeddings.shape[1],
            "episodes": len(data),
            "elites": len(used),
        }
        loss = self._fit(best, data, rng)
        return FitReport(len(data), len(used), loss, tuple(notes))

    @abstractmethod
    def _fit(self, best: FitData, data: FitData, rng: np.random.Generator) -> float:
        """Fill `self.tensors`; return the final loss."""

    def predict(self, embedding: Array, prior: Array, rng: np.random.Generator) -> Prediction:
        """Propose a residual.

        Args:
            embedding: (d,) of the initial crop, by the encoder the policy was fitted with.
            prior: (22,) of the affordance model.
            rng: For policies that sample.

        Raises:
            PolicyError: Not fitted, or the embedding has another length.
        """
        if not self.tensors:
            raise PolicyError(f"policy {self.name} is not fitted")
        seen = np.asarray(embedding, dtype=np.float64)
        if seen.shape != (self.origin["embedding_dim"],):
            raise PolicyError(f"embedding of shape {seen.shape}, fitted on ({self.origin['embedding_dim']},)")
        return self._predict(seen, np.asarray(prior, dtype=np.float64), rng)

    @abstractmethod
    def _predict(self, embedding: Array, prior: Array, rng: np.random.Generator) -> Prediction: ...

    def _boxed(self, residual: Array, std: Array, novelty: float) -> Prediction:
        """Hold a residual inside the box of the training episodes and say where it had to be held."""
        held = np.clip(residual, self.tensors["box_low"], self.tensors["box_high"])
        return Prediction(held, std, novelty, outside_names(residual, self.tensors))

    def to_bytes(self) -> bytes:
        """Serialise: the same weights give the same bytes."""
        about = {
            "format": FORMAT_VERSION,
            "policy": self.name,
            "config": self.config.model_dump(mode="json"),
            "origin": self.origin,
        }
        return pack(about, self.tensors)

    @property
    def hash(self) -> str:
        """SHA-256 of the serialised policy."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def save(self, path: Path) -> str:
        """Write the policy as one safetensors file, all or nothing; return its SHA-256."""
        data = self.to_bytes()
        write(path, data)
        return hashlib.sha256(data).hexdigest()

    def check_fits(self, hand: str, encoder_hash: str) -> None:
        """Raise PolicyError unless the policy was fitted for this hand and this image encoder."""
        for what, mine, theirs in (
            ("hand", self.origin["hand"], hand),
            ("image encoder", self.origin["encoder_hash"], encoder_hash),
        ):
            if mine != theirs:
                raise PolicyError(f"policy is for {what} {mine!r}, here it is {theirs!r}; fit one for this one")


def outside_names(residual: Array, tensors: dict[str, Array]) -> tuple[str, ...]:
    """Name the parameters of a residual that are out of the box in `tensors`."""
    low, high = tensors["box_low"] - BOX_TOLERANCE, tensors["box_high"] + BOX_TOLERANCE
    return tuple(PARAMETER_NAMES[i] for i in np.flatnonzero((residual < low) | (residual > high)))


def parse_policy_config(kind: type[ResidualPolicy], options: dict[str, Any]) -> PolicyConfig:
    """Validate options by name, with an error that lists what exists."""
    try:
        return validate(options, kind.config_class, f"policy {kind.name}")
    except ConfigError as error:
        known = ", ".join(kind.config_class.model_fields)
        raise PolicyError(f"{error}\npolicy {kind.name} takes: {known}") from None
