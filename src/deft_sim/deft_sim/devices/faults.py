"""Faults of a wire, to be injected: delay, loss and damage of what a device sends."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class WireFaults:
    """How badly a wire behaves.

    Attributes:
        latency_s: wall seconds added to every reply.
        jitter_s: mean of a further, exponentially distributed delay.
        drop: probability that a reply is lost.
        corrupt: probability that one byte of a reply is changed.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    drop: float = 0.0
    corrupt: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no wire can do."""
        for name in ("latency_s", "jitter_s"):
            if not 0.0 <= getattr(self, name) < 10.0:
                raise ValueError(f"{name} = {getattr(self, name)}: expected seconds in [0, 10)")
        for name in ("drop", "corrupt"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} = {getattr(self, name)}: expected a probability in [0, 1]")


PERFECT = WireFaults()


class Wire:
    """Applies faults to replies, from a generator of its own so that a run can be repeated."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.faults = PERFECT
        self._rng = rng

    def pass_through(self, reply: bytes) -> tuple[bytes, float]:
        """Return what is left of a reply (perhaps nothing) and by how many wall seconds it is late."""
        faults = self.faults
        if faults == PERFECT:
            return reply, 0.0
        delay = faults.latency_s + (self._rng.exponential(faults.jitter_s) if faults.jitter_s else 0.0)
        if faults.drop and self._rng.random() < faults.drop:
            return b"", delay
        if reply and faults.corrupt and self._rng.random() < faults.corrupt:
            damaged = bytearray(reply)
            damaged[int(self._rng.integers(len(damaged)))] ^= int(self._rng.integers(1, 256))
            return bytes(damaged), delay
        return reply, delay
