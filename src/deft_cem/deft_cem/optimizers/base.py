"""What every optimiser of residuals is: ask, tell, and a state that round-trips through JSON."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deft_cem.errors import OptimizerError, RewardError
from deft_core.config import Settings, validate
from deft_core.errors import ConfigError
from deft_core.grasp import SIGMA_INITIAL

Array = NDArray[np.float64]


def check_reward(reward: float) -> float:
    """Return the reward as a float, or raise RewardError unless it is a number in [0, 1]."""
    value = float(reward)
    if not math.isfinite(value) or not 0.0 <= value <= 1.0:
        raise RewardError(f"reward must be a number in [0, 1], got {value}; rescale it in the rater")
    return value


class OptimizerConfig(Settings):
    """Options every optimiser takes."""

    # Multiplies the initial standard deviations of table 4.
    sigma_scale: float = Field(default=1.0, gt=0.0)


@dataclass(frozen=True)
class Distribution:
    """Where the optimiser would draw its next residual from.

    Attributes:
        mean: (22,) metres and radians.
        sigma: (22,) standard deviations, same units.
        fitted: True once rewards have shaped it.
        elites: Episodes (from 1) it was fitted to, best first.
        elite_rewards: Their rewards.
    """

    mean: Array
    sigma: Array
    fitted: bool
    elites: tuple[int, ...] = ()
    elite_rewards: tuple[float, ...] = ()


class Optimizer(ABC):
    """Proposes residuals and learns from their rewards.

    The same instance, restored from `state_dict()`, proposes the same residuals given the same rewards.

    Args:
        config: Options; `config_class` of the subclass.
        rng: Source of all randomness, PCG64 so that its state is plain integers.
        sigma: (22,) initial standard deviations; table 4's (`deft_core.grasp.SIGMA_INITIAL`) when None.
    """

    name: ClassVar[str]
    config_class: ClassVar[type[OptimizerConfig]] = OptimizerConfig

    def __init__(self, config: OptimizerConfig, rng: np.random.Generator, sigma: Array | None = None) -> None:
        if not isinstance(rng.bit_generator, np.random.PCG64):
            raise OptimizerError(f"the generator must be PCG64, got {type(rng.bit_generator).__name__}")
        base = SIGMA_INITIAL if sigma is None else np.asarray(sigma, dtype=np.float64)
        if base.ndim != 1 or not np.all(np.isfinite(base)) or np.any(base <= 0.0):
            raise OptimizerError("sigma must be a vector of positive finite numbers")
        self.config = config
        self._rng = rng
        self.sigma0: Array = base * config.sigma_scale
        self.residuals: list[Array] = []
        self.rewards: list[float] = []

    @property
    def dim(self) -> int:
        """Length of a residual."""
        return len(self.sigma0)

    @abstractmethod
    def ask(self) -> Array:
        """Propose a residual (22,): 3 m, 3 rad, 16 rad."""

    def tell(self, residual: Array, reward: float) -> None:
        """Learn the reward of a residual.

        Args:
            residual: (22,) what was tried.
            reward: In [0, 1].

        Raises:
            RewardError: The reward is NaN or outside [0, 1]; nothing is learned.
            OptimizerError: The residual has the wrong shape or is not finite.
        """
        value = check_reward(reward)
        self.residuals.append(self._checked(residual))
        self.rewards.append(value)
        self._learn()

    def _checked(self, residual: Any) -> Array:
        tried = np.array(residual, dtype=np.float64)
        if tried.shape != (self.dim,) or not np.all(np.isfinite(tried)):
            raise OptimizerError(f"residual must be {self.dim} finite numbers, got shape {tried.shape}")
        return tried

    @abstractmethod
    def _learn(self) -> None:
        """Take the newest episode in."""

    @abstractmethod
    def distribution(self) -> Distribution:
        """Describe where the next residual comes from."""

    def state_dict(self) -> dict[str, Any]:
        """Give the whole state, generator included, as JSON-able values."""
        return {
            "optimizer": self.name,
            "config": self.config.model_dump(mode="json"),
            "sigma0": self.sigma0.tolist(),
            "generator": self._rng.bit_generator.state,
            "residuals": [r.tolist() for r in self.residuals],
            "rewards": list(self.rewards),
            "extra": self._extra_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Become the optimiser whose `state_dict()` this is.

        Raises:
            OptimizerError: The state is of another optimiser, was made with other options or is damaged; the
                optimiser is as it was.
        """
        if state.get("optimizer") != self.name:
            raise OptimizerError(f"state is of optimiser {state.get('optimizer')!r}, this is {self.name!r}")
        if state.get("config") != self.config.model_dump(mode="json"):
            raise OptimizerError(f"state was made with {state.get('config')}, this is {self.config.model_dump()}")
        before = self.state_dict()
        try:
            self._load(state)
        except (KeyError, TypeError, ValueError) as error:
            self._load(before)
            what = f"it has no {error}" if isinstance(error, KeyError) else error
            raise OptimizerError(f"the state of optimiser {self.name} is damaged ({what}); begin a new run") from error

    def _load(self, state: dict[str, Any]) -> None:
        if len(state["rewards"]) != len(state["residuals"]):
            raise OptimizerError("state holds a different number of residuals and rewards")
        self.sigma0 = np.array(state["sigma0"], dtype=np.float64)
        self.residuals = [self._checked(r) for r in state["residuals"]]
        self.rewards = [check_reward(r) for r in state["rewards"]]
        self._rng.bit_generator.state = state["generator"]
        self._load_extra(state["extra"])

    def _extra_state(self) -> dict[str, Any]:
        return {}

    def _load_extra(self, extra: dict[str, Any]) -> None:
        del extra


def parse_config(config_class: type[OptimizerConfig], options: dict[str, Any], where: str) -> OptimizerConfig:
    """Validate options by name.

    Raises:
        OptimizerError: An option does not exist or has a bad value; lists those that exist.
    """
    try:
        return validate(options, config_class, where)
    except ConfigError as error:
        raise OptimizerError(f"{error}\n{where} options are: {', '.join(config_class.model_fields)}") from None
