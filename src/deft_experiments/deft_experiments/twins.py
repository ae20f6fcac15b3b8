"""A twin with its prior and its raters, in one process, as the loop wants it."""

from __future__ import annotations

from pathlib import Path

import torch

from deft_affordance.checkpoint import SHIPPED, checkpoint_hash
from deft_affordance.predictor import AffordancePredictor
from deft_affordance.predictor_settings import PredictorSettings
from deft_cem.trial import Bench
from deft_core.demonstration import load_demonstration
from deft_core.hand import load_hand
from deft_core.task import load_task
from deft_core.workcell import Predictor, load_workcell
from deft_experiments.disturbed import StudyWorkcell
from deft_experiments.heuristic import BoxCentrePredictor, heuristic_hash
from deft_experiments.setups import Setup
from deft_sim.workcell import TwinWorkcell
from deft_vision.encoders import small_encoder


class Twin:
    """The in-process twin of a task, its prior, and what they are made of.

    Args:
        task: Task name.
        seed: Of the twin's calibration error, and of the run.
        prior: Checkpoint of the affordance model; empty for the one that ships.
        setup: Raters, disturbances, and what may stand in the prior's place.
    """

    def __init__(self, task: str, seed: int, prior: str = "", setup: Setup | None = None) -> None:
        setup = setup or Setup()
        cell = load_workcell(setup.workcell)
        hand = load_hand(cell.hand.model)
        loaded = load_task(task)
        demonstration = load_demonstration(loaded.demonstration)
        torch.set_num_threads(1)  # one core a process: many twins run side by side
        learned = AffordancePredictor(prior or None, hand, PredictorSettings.of(cell))
        predictor: Predictor = learned
        self.hashes = self.hashes_of(task, seed, prior, setup)
        checkpoints: dict[str, Path | str] = {"encoder": prior or SHIPPED} | setup.checkpoints
        if setup.heuristics:
            predictor = BoxCentrePredictor(hand, learned.contact_in_wrist, small_encoder(prior or SHIPPED), seed)
        self.workcell = TwinWorkcell(loaded, cell, seed)
        study = StudyWorkcell(self.workcell, loaded, seed, Setup(drift=setup.drift, checkpoints=checkpoints))
        self.bench = Bench(study, predictor, loaded, demonstration, hand, cell)

    @staticmethod
    def hashes_of(task: str, seed: int, prior: str = "", setup: Setup | None = None) -> dict[str, str]:
        """What such a twin's runs stand on, by name, without making it.

        Raises:
            ConfigError, MissingCheckpointError: The task, its demonstration or the checkpoint is not there.
        """
        heuristics = setup is not None and setup.heuristics
        return {
            "prior": heuristic_hash(seed) if heuristics else checkpoint_hash(prior),
            "demonstration": load_demonstration(load_task(task).demonstration).sha256,
        }

    def close(self) -> None:
        """Free the twin's cameras."""
        self.workcell.close()
