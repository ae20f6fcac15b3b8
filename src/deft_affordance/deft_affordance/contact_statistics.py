"""Where the human's hand expects the contact, by kind of object and verb: how it spreads about the one constant."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from deft_core.config import Settings
from deft_core.geometry import Array

Place = tuple[float, float, float]


class ContactStatistics(Settings):
    """The deprojected contact seen from the human's wrist: mean and standard deviation, metres, over n samples."""

    mean: Place
    std: Place
    n: Annotated[int, Field(gt=0)]


def group_names(kinds: NDArray, verbs: NDArray) -> NDArray:
    """Names "kind/verb" (n,) of samples."""
    return np.array([f"{kind}/{verb}" for kind, verb in zip(kinds, verbs, strict=True)])


def contact_statistics(contacts: Array, groups: NDArray) -> dict[str, ContactStatistics]:
    """Statistics by group of contacts (n, 3) in the human's wrist frame, metres; groups (n,) of names."""
    table = {}
    for name in np.unique(groups):
        mine = contacts[groups == name]
        x, y, z = (float(v) for v in mine.mean(axis=0))
        u, v, w = (float(v) for v in mine.std(axis=0))
        table[str(name)] = ContactStatistics(mean=(x, y, z), std=(u, v, w), n=len(mine))
    return table
