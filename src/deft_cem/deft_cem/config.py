"""What a run is told: the numbers of algorithm 1, who rates, which optimiser and policy."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from deft_core.config import Settings, short_name
from deft_core.workcell import scene_seed

VERSIONED = ("numpy", "torch", "scipy", "cmaes", "mujoco", "xarm-python-sdk", "dynamixel-sdk", "pyrealsense2", "rclpy")


class RunConfig(Settings):
    """A fine-tuning run.

    `trials` evaluation trials of the tuned policy are run on the train object and as many on the test object.
    `prior_trials` (None: half of `trials`, rounded up) are run with the prior alone on each, in the first of the very
    scenes that the tuned policy gets: by default ten with the prior alone in all, as in the paper's table 2, which
    has one column for both objects.
    """

    task: str
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    episodes: Annotated[int, Field(ge=1)] = 30
    trials: Annotated[int, Field(ge=0)] = 10
    prior_trials: Annotated[int, Field(ge=0)] | None = None
    # Who gives the reward the optimiser hears, and who says whether the task succeeded.
    reward: str = "judge"
    success_rater: str = "judge"
    optimizer: str = "cem"
    optimizer_options: dict[str, Any] = {}
    policy: str = "cvae"
    policy_options: dict[str, Any] = {}
    workcell: str = "twin"
    hand: str = "dash"
    # SHA-256 by name of what the run stands on: prior, demonstration, ...
    hashes: dict[str, str] = {}

    @property
    def prior_trials_each(self) -> int:
        """Trials with the prior alone on each object."""
        return math.ceil(self.trials / 2) if self.prior_trials is None else self.prior_trials

    @property
    def run_id(self) -> str:
        """A name that tells runs apart."""
        digest = hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()
        return f"{short_name(self.task)}-{self.seed}-{digest[:8]}"

    def identity(self) -> dict[str, Any]:
        """Everything that decides what is proposed and tried: all of it."""
        return self.model_dump(mode="json") | {"prior_trials": self.prior_trials_each}

    def generator(self, purpose: str, index: int = 0) -> np.random.Generator:
        """A generator of its own for a purpose: the same in an unbroken and a resumed run."""
        return np.random.Generator(np.random.PCG64(scene_seed(self.seed, "generator", purpose, index)))


def versions() -> dict[str, str]:
    """Versions of the interpreter, of the libraries results depend on, and of this code."""
    found = {"python": platform.python_version(), "deft": code_version()}
    for name in VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def code_version() -> str:
    """This code's commit where it runs from a checkout (with `+changed` if it was edited), else its package version."""
    here = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "-C", str(here), "describe", "--always", "--dirty=+changed", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        pass
    try:
        return version("deft_cem")
    except PackageNotFoundError:
        return "unknown"
