"""What a run of the study is made with, other than what its configuration says: prior, raters, disturbances."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

# Disturbances of the robustness rows, by name: of the reward (joined to the rater's name with ~) or of the workcell.
WRONG, ROUNDED, DRIFT = "wrong_10", "rounded", "drift_1cm"
# The workcell with other things on the table.
CLUTTER = "cluttered"


@dataclass(frozen=True)
class Setup:
    """How a twin is made.

    Attributes:
        prior: Checkpoint of the affordance model, empty for the one that ships.
        heuristics: The paper's "real-world only" stands in the prior's place.
        drift: The camera's calibration drifts by a centimetre after the fifteenth try.
        workcell: Whose table it is.
        checkpoints: Encoder files of image raters by the rater's name.
    """

    prior: str = ""
    heuristics: bool = False
    drift: bool = False
    workcell: str = "twin"
    checkpoints: dict[str, Path | str] = field(default_factory=dict)
