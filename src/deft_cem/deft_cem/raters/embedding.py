"""Reward as negative embedding distance to the last image of the demonstration (paper, section 5).

The paper takes the distance itself; only the order of rewards matters to its optimiser. Here a reward is a number in
[0, 1], so the distance d is mapped by exp(-d / |goal|): the same order, 1 for the goal itself.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deft_cem.errors import LearningError
from deft_cem.store.images import read_color
from deft_core.demonstration import DEMONSTRATIONS_DIR
from deft_core.observation import Rating, RGBDFrame
from deft_core.task import Task
from deft_vision.encoders import ImageEncoder, make_encoder
from deft_vision.errors import VisionError

# Rater: the encoder of deft_vision behind it. `encoder` is the one of the prior that ships.
EMBEDDING_RATERS = {"r3m": "r3m", "resnet18": "resnet18", "encoder": "small"}


class RaterError(LearningError):
    """A rater cannot be made; says what is missing and where it comes from."""


class EmbeddingRater:
    """Rates final images of one task; knows nothing of success.

    Attributes:
        name: Who gives the reward.
        hash: SHA-256 of the encoder's weights.
    """

    def __init__(self, name: str, encoder: ImageEncoder, goal: NDArray[np.uint8]) -> None:
        self.name, self.hash = name, encoder.hash
        self._encoder = encoder
        self._goal = encoder.embed(goal).astype(np.float64)
        self._scale = max(float(np.linalg.norm(self._goal)), 1e-9)

    def rate(self, final: RGBDFrame) -> Rating:
        """Rate the image after the motion."""
        distance = float(np.linalg.norm(self._encoder.embed(final.color) - self._goal))
        reward = float(np.exp(-distance / self._scale))
        return Rating(reward, None, self.name, details={"embedding_distance": distance})


def goal_image(task: Task) -> NDArray[np.uint8]:
    """The last image of a task's demonstration, RGB.

    Raises:
        RaterError: It is not there; says what makes it.
    """
    name = task.demonstration
    path = Path(name).with_suffix(".jpg") if name.endswith(".json") else DEMONSTRATIONS_DIR / f"{name}.jpg"
    if not path.is_file():
        raise RaterError(
            f"no goal image {path}; `ros2 run deft_affordance extract_demo` writes it beside the demonstration"
        )
    return read_color(path)


def load_encoder(rater: str, checkpoint: Path | str | None) -> ImageEncoder:
    """Load the encoder of a rater.

    Raises:
        RaterError: No such rater, or its checkpoint is missing or of something else; says where it comes from.
    """
    if rater not in EMBEDDING_RATERS:
        raise RaterError(f"no embedding rater {rater!r}; there are {', '.join(EMBEDDING_RATERS)}")
    try:
        return make_encoder(EMBEDDING_RATERS[rater], checkpoint or None)
    except VisionError as error:
        raise RaterError(f"rater {rater}: {error}") from error


def make_rater(rater: str, checkpoint: Path | str | None, task: Task) -> EmbeddingRater:
    """Make the rater of a task; raises RaterError."""
    return EmbeddingRater(rater, load_encoder(rater, checkpoint), goal_image(task))
