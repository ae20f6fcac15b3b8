"""One finished try, as the record keeps it."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Episode:
    """One finished try.

    Attributes:
        phase: "finetune" or "evaluation".
        objects: "train" or "test".
        method: "finetune", or for evaluation trials "prior" or "tuned".
        index: From 1 within (phase, objects, method).
        scene_seed: Seed of the placement.
        prior: (22,) grasp parameters of the affordance model (zeros where it refused).
        residual: (22,) added to them.
        executed: (22,) what the motion carried out, joints within their limits.
        reward: In [0, 1].
        rater: Who gave it; "fault" where a fault decided.
        success: None where nobody could tell.
        success_source: Who said so.
        fault: Why the motion stopped early; empty if it ran to the end.
        note: What the reader should know, e.g. that the policy was held at its box.
        rating_details: What the rater measured.
        timings: Seconds by name: total, reset, look, predict, motion, rate, overhead.
        embedding: (d,) float32, of the initial crop.
        encoder_hash: SHA-256 of the encoder's weights.
        initial_capture_id, final_capture_id: Captures before and after.
        images: {"initial_color": path, ...} relative to the run folder.
        finished_at: Unix seconds.
    """

    phase: str
    objects: str
    method: str
    index: int
    scene_seed: int
    prior: Array
    residual: Array
    executed: Array
    reward: float
    rater: str
    success: bool | None
    success_source: str
    fault: str = ""
    note: str = ""
    rating_details: dict[str, float] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    embedding: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    encoder_hash: str = ""
    initial_capture_id: int = 0
    final_capture_id: int = 0
    images: dict[str, str] = field(default_factory=dict)
    finished_at: float = 0.0

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What makes it unique in its run."""
        return self.phase, self.objects, self.method, self.index


_VECTORS = {"prior": "<f8", "residual": "<f8", "executed": "<f8", "embedding": "<f4"}
_JSON = ("rating_details", "timings", "images")
_RENAMED = {"index": "idx"}
_FIELDS = tuple(Episode.__dataclass_fields__)
COLUMNS = tuple(_RENAMED.get(name, name) for name in _FIELDS)


def to_row(episode: Episode) -> tuple[Any, ...]:
    """Values for COLUMNS."""
    row: list[Any] = []
    for name in _FIELDS:
        value = getattr(episode, name)
        if name in _VECTORS:
            row.append(np.ascontiguousarray(value, dtype=_VECTORS[name]).tobytes())
        elif name in _JSON:
            row.append(json.dumps(value))
        else:
            row.append(value)
    return tuple(row)


def from_row(row: sqlite3.Row) -> Episode:
    """The episode of a row that has COLUMNS."""
    values: dict[str, Any] = {}
    for name in _FIELDS:
        value = row[_RENAMED.get(name, name)]
        if name in _VECTORS:
            value = np.frombuffer(value, dtype=_VECTORS[name]).copy()
        elif name in _JSON:
            value = json.loads(value)
        elif name == "success":
            value = None if value is None else bool(value)
        values[name] = value
    return Episode(**values)
