"""What thirty tries are worth: each method less the prior alone and less DEFT, on the mean of the tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deft_cem.summary import OBJECTS
from deft_experiments.intervals import over_seeds
from deft_experiments.results import Cells, same_seeds

REFERENCES = ("affordance_only", "deft")


def gains(cells: Cells, names: Sequence[str], tasks: Sequence[str]) -> list[dict[str, Any]]:
    """Differences of success run by run, of the same task and seed: the ten trials of a policy are no ten policies.

    A method counts where it and what it is held against have a run on every task.
    """
    found = []
    for name in names:
        for reference in REFERENCES:
            if name == reference:
                continue
            for objects in OBJECTS:
                values = [_differences(cells, name, reference, task, objects) for task in tasks]
                if not values or not all(map(len, values)):
                    continue
                found.append(
                    {
                        "method": name,
                        "less": reference,
                        "objects": objects,
                        "runs": sum(map(len, values)),
                        "difference": round(float(np.mean([v.mean() for v in values])), 4),
                        "interval_95": over_seeds(values),
                    }
                )
    return found


def _differences(cells: Cells, name: str, reference: str, task: str, objects: str) -> np.ndarray:
    return np.array([ours.value - theirs.value for ours, theirs in same_seeds(cells, name, reference, task, objects)])
