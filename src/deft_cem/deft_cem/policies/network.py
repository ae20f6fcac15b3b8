"""The small torch pieces that the learned policies share: seeded layers and a fit that repeats bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread: tiny matrices are faster so, and sums come in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def generator_from(rng: np.random.Generator) -> torch.Generator:
    """Seed a torch generator from a NumPy one."""
    return torch.Generator().manual_seed(int(rng.integers(2**63)))


def layer(inputs: int, outputs: int, generator: torch.Generator, gain: float = 1.0) -> tuple[Tensor, Tensor]:
    """Make a float64 weight (outputs, inputs) and zero bias that learn."""
    scale = gain / max(inputs, 1) ** 0.5
    weight = torch.randn(outputs, inputs, generator=generator, dtype=torch.float64) * scale
    return weight.requires_grad_(), torch.zeros(outputs, dtype=torch.float64).requires_grad_()


def minimise(
    loss: Callable[[], Tensor], groups: list[tuple[list[Tensor], float]], steps: int, learning_rate: float
) -> float:
    """Run AdamW with cosine decay on a stochastic loss.

    Args:
        loss: Draws and returns the loss.
        groups: (parameters, weight decay) pairs.
        steps: Of the optimiser.
        learning_rate: Its peak.

    Returns:
        Mean loss of the last tenth of the steps.
    """
    optimizer = torch.optim.AdamW(
        [{"params": p, "weight_decay": decay} for p, decay in groups], lr=learning_rate, foreach=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    tail: list[float] = []
    for step in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        schedule.step()
        if step >= steps - max(steps // 10, 1):
            tail.append(float(value.detach()))
    return float(np.mean(tail))


def numpy_of(tensor: Tensor) -> Array:
    """Detach to a NumPy array."""
    return np.array(tensor.detach().numpy(), dtype=np.float64)
