"""A twin with the prior that ships, in one process, as the loop wants it."""

from __future__ import annotations

import torch

from deft_affordance.predictor import AffordancePredictor
from deft_cem.trial import Bench
from deft_core.demonstration import load_demonstration
from deft_core.hand import load_hand
from deft_core.task import load_task
from deft_core.workcell import load_workcell
from deft_sim.workcell import TwinWorkcell


class Twin:
    """The in-process twin of a task, its prior, and what they are made of.

    Args:
        task: Task name.
        seed: Of the twin's calibration error.
        prior: Checkpoint of the affordance model; empty for the one that ships.
    """

    def __init__(self, task: str, seed: int, prior: str = "") -> None:
        cell = load_workcell("twin")
        hand = load_hand(cell.hand.model)
        loaded = load_task(task)
        demonstration = load_demonstration(loaded.demonstration)
        torch.set_num_threads(1)  # one core a process: many twins run side by side
        predictor = AffordancePredictor(prior or None, hand)
        self.workcell = TwinWorkcell(loaded, cell, seed)
        self.bench = Bench(self.workcell, predictor, loaded, demonstration, hand, cell)
        self.hashes = {"prior": predictor.checkpoint_hash, "demonstration": demonstration.sha256}

    def close(self) -> None:
        """Free the twin's cameras."""
        self.workcell.close()
