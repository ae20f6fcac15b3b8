"""A training run of the prior, epoch by epoch (paper, appendix D; equation 1)."""

from __future__ import annotations

import json
import math
from typing import Any

import torch
from torch import nn

from deft_affordance.augment import augment
from deft_affordance.batches import Batches
from deft_affordance.compute import Compute
from deft_affordance.config import PriorConfig, TrainConfig
from deft_affordance.model import AffordanceModel, heatmap_loss, loss
from deft_core.errors import DeftError


class TrainingDiverged(DeftError):
    """The loss is no longer a number."""


class Trainer:
    """One training run.

    Args:
        model: to train.
        data: what to train on.
        config: how.
        seed: of shuffles, augmentation and dropout.
        compute: where, and with how many other processes; by default alone on the CPU.
        data_hash: SHA-256 of the data's manifest, which a resumed run must share.
    """

    def __init__(
        self,
        model: AffordanceModel,
        data: Batches,
        config: PriorConfig,
        seed: int,
        compute: Compute | None = None,
        data_hash: str = "",
    ) -> None:
        self.model, self.data, self.config, self.seed, self.data_hash = model, data, config, seed, data_hash
        self.compute = compute or Compute()
        self._network = self.compute.prepare(model)
        self.optimizer = make_optimizer(model, config.train)
        self.epoch = 0
        self.history: list[float] = []

    def steps(self) -> int:
        """Batches an epoch."""
        return max(1, len(self.data.images) // self.config.train.batch)

    def run_epoch(self) -> float:
        """Train one epoch; returns its mean loss.

        Raises:
            TrainingDiverged: the loss, or at the end a weight, became NaN or infinite.
        """
        settings = self.config.train
        # Everything random in an epoch follows from the seed and the epoch, so that a resumed run repeats an
        # unbroken one. All processes shuffle alike; beyond that each draws its own.
        rng = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        order = self.data.order(settings.balance, rng)
        if self.compute.rank:
            rng.manual_seed(self.seed * 100_003 + self.epoch + self.compute.rank * 1_000_003)
        torch.manual_seed(self.seed * 100_003 + self.epoch + self.compute.rank * 1_000_003)
        self._network.train()
        total = 0.0
        for step in range(self.steps()):
            progress = (self.epoch + step / self.steps()) / settings.epochs
            for group in self.optimizer.param_groups:
                group["lr"] = settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * progress))
            rows = self.compute.share(order[step * settings.batch : (step + 1) * settings.batch])
            images, text, contacts, wrist, mano = (
                part[rows].to(self.compute.device)
                for part in (self.data.images, self.data.text, self.data.contacts, self.data.wrist, self.data.mano)
            )
            images, contacts = augment(images.permute(0, 3, 1, 2).contiguous(), contacts, settings, rng)
            with self.compute.autocast():
                out = self._network(images, text).as_float()
            terms = loss(
                out,
                contacts,
                wrist,
                mano,
                (settings.lambda_contact, settings.lambda_wrist, settings.lambda_pose),
            )
            total_loss = terms.total
            if settings.lambda_heatmap:
                total_loss = total_loss + settings.lambda_heatmap * heatmap_loss(out.heatmaps, contacts)
            value = self.compute.mean(float(total_loss.detach()))
            if not math.isfinite(value):
                raise self._diverged(f"the loss is {value} in epoch {self.epoch + 1}, step {step + 1}")
            self.optimizer.zero_grad(set_to_none=True)
            total_loss.backward()
            self.optimizer.step()
            total += value
        # What the last step did to them shows in no loss any more, and would be written over the last good state.
        broken = next((name for name, w in self.model.state_dict().items() if not torch.isfinite(w).all()), None)
        if broken is not None:
            raise self._diverged(f"the weights {broken} are not finite at the end of epoch {self.epoch + 1}")
        self.epoch += 1
        self.history.append(total / self.steps())
        return self.history[-1]

    def _diverged(self, how: str) -> TrainingDiverged:
        kept = f" and go on with --resume after epoch {self.epoch}, whose state is kept" if self.epoch else ""
        return TrainingDiverged(f"{how}: lower learning_rate{kept}, or look for broken labels")

    def state(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "history": self.history,
            "seed": self.seed,
            "config": self.config.model_dump_json(),
            "data_hash": self.data_hash,
        }

    def restore(self, state: Any) -> None:
        """Go on from a saved state; raises DeftError if it belongs to another run, or is none.

        The learning rate alone may be another: one that diverged is lowered, and what was learned before is kept.
        """
        if not isinstance(state, dict) or state.keys() != self.state().keys():
            raise DeftError("that is no training state of this version; give another --state, or leave out --resume")
        if not self._same_but_for_the_rate(state["config"]) or state["seed"] != self.seed:
            raise DeftError(
                "the saved state is of another configuration or seed; give another --state, or leave out --resume"
            )
        if state["data_hash"] != self.data_hash:
            raise DeftError("the saved state is of other data; give another --state, or leave out --resume")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.history = state["epoch"], list(state["history"])

    def _same_but_for_the_rate(self, saved: str) -> bool:
        mine, theirs = self.config.model_dump(mode="json"), json.loads(saved)
        return mine == theirs | {"train": theirs["train"] | {"learning_rate": mine["train"]["learning_rate"]}}


def make_optimizer(model: nn.Module, settings: TrainConfig) -> torch.optim.Optimizer:
    """Adam; where weights decay, what multiplies does, and neither biases nor normalisations."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=settings.learning_rate)
