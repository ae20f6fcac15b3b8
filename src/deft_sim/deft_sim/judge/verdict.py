"""What a judge says: success, and a reward made of named terms."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """The judgement of one trial.

    Attributes:
        success: the paper's criterion (appendix F).
        terms: physical progress by name, each in [0, 1].
        weights: what each term counts; they sum to 1.
    """

    success: bool
    terms: Mapping[str, float]
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        if set(self.terms) != set(self.weights) or abs(sum(self.weights.values()) - 1.0) > 1e-9:
            raise ValueError(f"terms {sorted(self.terms)} and weights {dict(self.weights)} do not belong together")
        if not all(0.0 <= value <= 1.0 for value in self.terms.values()):
            raise ValueError(f"terms are not all in [0, 1]: {dict(self.terms)}")
        # Judges reckon in NumPy, whose bool neither a record nor a ROS message takes.
        object.__setattr__(self, "success", bool(self.success))

    @property
    def reward(self) -> float:
        """Weighted sum of the terms, in [0, 1]."""
        return min(1.0, sum(self.weights[name] * value for name, value in self.terms.items()))
