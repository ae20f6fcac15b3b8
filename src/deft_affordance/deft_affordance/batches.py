"""Training data as tensors, and in which order an epoch takes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deft_affordance.checkpoint import TextInput
from deft_affordance.config import TrainConfig
from deft_affordance.data.shards import Samples
from deft_affordance.groups import group_names
from deft_affordance.rotations import continuous
from deft_core.geometry import Array


def wrist_labels(samples: Samples, settings: TrainConfig) -> Array:
    """What the wrist output is trained towards, axis-angle (N, 3) rad in the camera's frame."""
    return continuous(samples["wrist"]) if settings.continuous_wrist else np.asarray(samples["wrist"], dtype=float)


@dataclass(eq=False)
class Batches:
    """Training tensors: images (N, S, S, 3) uint8, text inputs, contacts (N, k, 2), wrist (N, 3), mano (N, 45).

    The images are the samples' own memory, 11.5 GB of it at the paper's size, and no copy. `groups` (N,) numbers the
    samples' kinds and verbs.
    """

    images: Tensor
    text: Tensor
    contacts: Tensor
    wrist: Tensor
    mano: Tensor
    groups: Tensor

    @classmethod
    def of(cls, samples: Samples, text: TextInput, settings: TrainConfig) -> Batches:
        """Tensors of samples."""
        return cls(
            torch.from_numpy(samples["crop"]),
            text([str(t) for t in samples["text"]]),
            torch.from_numpy(samples["contacts"]).float(),
            torch.from_numpy(wrist_labels(samples, settings)).float(),
            torch.from_numpy(samples["mano"]).float(),
            torch.from_numpy(np.unique(group_names(samples["kind"], samples["verb"]), return_inverse=True)[1]),
        )

    def order(self, balance: float, rng: torch.Generator) -> Tensor:
        """An epoch's rows (N,): all of them shuffled, or drawn so that groups come up more evenly."""
        if not balance:
            return torch.randperm(len(self.images), generator=rng)
        counts = torch.bincount(self.groups).double()
        return torch.multinomial(counts[self.groups] ** -balance, len(self.images), True, generator=rng)
