"""What training runs on: one process on a CPU or a GPU, or one process a GPU under torchrun."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from deft_core.errors import DeftError

DEVICES, PRECISIONS = ("auto", "cpu", "cuda"), ("float32", "bf16")


@dataclass(frozen=True)
class Compute:
    """Where a training process computes, and with how many others.

    Attributes:
        device: its own.
        bf16: whether the network runs in bfloat16 (weights, losses and the optimiser stay in float32).
        compiled: whether torch.compile makes kernels of it: minutes at the start, which long trainings get back.
        rank, world: which process of how many; each takes its share of every batch.
    """

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    bf16: bool = False
    compiled: bool = False
    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def prepare(self, model: nn.Module) -> nn.Module:
        """What to call in the model's place: it shares the model's weights, which move to the device."""
        model.to(self.device)
        if self.world > 1:
            if self.device.type == "cuda":
                model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
            own = [self.device.index] if self.device.type == "cuda" else None
            # Not every configuration uses every weight.
            model = DistributedDataParallel(model, device_ids=own, find_unused_parameters=True)
        return torch.compile(model) if self.compiled else model  # type: ignore[return-value]

    def share(self, rows: Tensor) -> Tensor:
        """This process's rows of a batch's."""
        return rows[self.rank :: self.world]

    def autocast(self) -> torch.autocast:
        """The precision of the network, as a context."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def mean(self, value: float) -> float:
        """The mean of a value over all processes."""
        if self.world == 1:
            return value
        total = torch.tensor([value], dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return float(total) / self.world


@contextmanager
def chosen(device: str, precision: str, compiled: bool, batch: int) -> Iterator[Compute]:
    """What the command line and torchrun's environment ask for.

    Args:
        device: one of DEVICES.
        precision: one of PRECISIONS.
        compiled: whether to use torch.compile.
        batch: samples a step, of all processes together.

    Raises:
        DeftError: no such device here, or a batch that the processes cannot share evenly.
    """
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise DeftError("--device cuda: torch sees no GPU here; use --device cpu, or a build of torch for your GPU")
    if batch % world:
        raise DeftError(f"a batch of {batch} cannot be shared evenly by {world} processes; change the configuration's")
    own = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if device == "cuda" else torch.device("cpu")
    if own.type == "cuda":
        torch.cuda.set_device(own)  # collectives without a tensor's device, and compiled kernels, go by this
    if world > 1:
        distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    try:
        yield Compute(own, precision == "bf16", compiled, rank, world)
    finally:
        if world > 1:
            distributed.destroy_process_group()
