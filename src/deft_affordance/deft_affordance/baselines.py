"""What a prior must beat: guesses that need no network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_affordance.data.shards import Samples
from deft_affordance.groups import group_names
from deft_affordance.rotations import continuous
from deft_core.geometry import Array

BASELINES = ("object centre", "mean pose", "mean of kind and verb", "nearest neighbour")
# Those that are told what stands there, which an image and an instruction do not say in so many words.
TOLD = ("mean of kind and verb",)


@dataclass(frozen=True, eq=False)
class Guess:
    """Guesses for n images: contacts (n, k, 2) in the crop, wrist (n, 3) axis-angle, mano (n, 45)."""

    contacts: Array
    wrist: Array
    mano: Array


def _mean(train: Samples, n: int) -> Guess:
    """The mean label, n times."""
    return Guess(
        np.tile(train["contacts"].mean(axis=0), (n, 1, 1)),
        np.tile(continuous(train["wrist"]).mean(axis=0), (n, 1)),
        np.tile(train["mano"].mean(axis=0), (n, 1)),
    )


def guess(name: str, train: Samples, test: Samples) -> Guess:
    """Guesses of a baseline for the test images.

    - object centre: touch the middle of the crop, with the mean pose of training.
    - mean pose: touch where people touch on average, with their mean pose.
    - mean of kind and verb: the same, over objects of the same kind with which the same is done.
    - nearest neighbour: the label of the training image that looks most alike (12 x 12 grey, zero mean) among those
      with the same verb.
    """
    n = len(test)
    if name == "object centre":
        return replace(_mean(train, n), contacts=np.full_like(test["contacts_true"], 0.5))
    if name == "mean pose":
        return _mean(train, n)
    if name == "mean of kind and verb":
        return _grouped_mean(train, test)
    if name == "nearest neighbour":
        rows = _nearest(train, test)
        return Guess(train["contacts"][rows], train["wrist"][rows], train["mano"][rows])
    raise ValueError(f"no baseline {name!r}; there are {', '.join(BASELINES)}")


def _grouped_mean(train: Samples, test: Samples) -> Guess:
    out = _mean(train, len(test))
    known, seen = (group_names(samples["kind"], samples["verb"]) for samples in (train, test))
    for group in np.unique(seen):
        mine, pool = np.flatnonzero(seen == group), np.flatnonzero(known == group)
        if len(pool):
            mean = _mean(train.take(pool), len(mine))
            out.contacts[mine], out.wrist[mine], out.mano[mine] = mean.contacts, mean.wrist, mean.mano
    return out


def _nearest(train: Samples, test: Samples) -> NDArray[np.intp]:
    known, seen = _thumbnails(train["crop"]), _thumbnails(test["crop"])
    rows = np.empty(len(test), dtype=np.intp)
    for verb in np.unique(test["verb"]):
        mine = np.flatnonzero(test["verb"] == verb)
        pool = np.flatnonzero(train["verb"] == verb)
        if len(pool) == 0:
            pool = np.arange(len(train))
        similarity = seen[mine] @ known[pool].T
        rows[mine] = pool[similarity.argmax(axis=1)]
    return rows


def _thumbnails(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    small = np.stack(
        [cv2.resize(cv2.cvtColor(c, cv2.COLOR_RGB2GRAY), (12, 12), interpolation=cv2.INTER_AREA) for c in crops]
    )
    flat = small.reshape(len(crops), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / (np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6)
