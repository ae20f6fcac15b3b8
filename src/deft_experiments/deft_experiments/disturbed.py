"""A twin with more raters than its judge, and with what goes wrong on a real table: bad labels, a camera that moves.

Every disturbance is a function of the run's and the scene's seed alone, so a resumed run is disturbed as before.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deft_cem.raters.embedding import EMBEDDING_RATERS, EmbeddingRater, make_rater
from deft_cem.trial import SCENES
from deft_core.errors import WorkcellError
from deft_core.geometry import Array
from deft_core.motion import EpisodeMotion
from deft_core.observation import Rating, RGBDFrame
from deft_core.task import Task
from deft_core.workcell import Outcome, Workcell, scene_seed
from deft_experiments.setups import ROUNDED, WRONG, Setup

DRIFT_M, DRIFT_AFTER = 0.01, 15
WRONG_SHARE = 0.1


class StudyWorkcell:
    """Passes everything on to a twin, but rates by name (`encoder`, `judge~wrong_10`) and may let the camera drift.

    Args:
        workcell: The twin.
        task: For the goal image of image raters.
        seed: Of the run.
        setup: Raters' checkpoints and the drift.
    """

    def __init__(self, workcell: Workcell, task: Task, seed: int, setup: Setup) -> None:
        self._cell, self._task, self._setup = workcell, task, setup
        self._raters: dict[str, EmbeddingRater] = {}
        self._scene = 0
        first = [scene_seed(seed, "finetune", "train", i) for i in range(1, DRIFT_AFTER + 1)]
        again = [scene_seed(scene, "again", "train", k) for scene in first for k in range(1, SCENES)]
        self._before_drift = {*first, *again}
        angle = np.random.default_rng([seed, 0xD21F7]).uniform(-np.pi, np.pi)
        self._shift: Array = DRIFT_M * np.array([np.cos(angle), np.sin(angle), 0.0])

    def reset(self, objects: str, seed: int) -> None:
        """Put the objects back; the scene's seed decides what goes wrong in it."""
        self._scene = seed
        self._cell.reset(objects, seed)

    def look(self) -> RGBDFrame:
        """Take a capture; after the drift, its calibration is off by a centimetre along the table."""
        frame = self._cell.look()
        if not self._setup.drift or self._scene in self._before_drift:
            return frame
        T = frame.T_base_camera.copy()
        T[:3, 3] += self._shift
        return replace(frame, T_base_camera=T)

    def execute(self, motion: EpisodeMotion) -> Outcome:
        """Carry out a motion."""
        return self._cell.execute(motion)

    def rate(self, rater: str, initial: RGBDFrame, final: RGBDFrame) -> Rating:
        """Ask a rater; what follows ~ in its name is done to its reward, never to its word on success."""
        name, _, disturbance = rater.partition("~")
        rating = (
            self._image_rater(name).rate(final) if name in EMBEDDING_RATERS else self._cell.rate(name, initial, final)
        )
        if not disturbance:
            return rating
        return replace(rating, reward=self._disturbed(rating.reward, disturbance), rater=rater)

    def _disturbed(self, reward: float, disturbance: str) -> float:
        if disturbance == ROUNDED:
            return round(2.0 * reward) / 2.0
        if disturbance == WRONG:  # the worst kind of mistake: good called bad, and bad good
            wrong = np.random.default_rng([self._scene, 0x3A0]).random() < WRONG_SHARE
            return 1.0 - reward if wrong else reward
        raise WorkcellError(f"no disturbance {disturbance!r}; there are {WRONG}, {ROUNDED}")

    def _image_rater(self, name: str) -> EmbeddingRater:
        if name not in self._raters:
            self._raters[name] = make_rater(name, self._setup.checkpoints.get(name), self._task)
        return self._raters[name]
