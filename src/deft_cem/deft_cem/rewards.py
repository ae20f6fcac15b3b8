"""Who gives the reward: one rater, or several with weights: `judge`, `operator+encoder`, `0.7*judge+0.3*encoder`."""

from __future__ import annotations

import math

from deft_cem.errors import RewardError
from deft_core.observation import Rating


def parse_reward(text: str) -> list[tuple[float, str]]:
    """Read (weight, rater) pairs; weights are scaled to sum to 1, and are equal where none is given.

    Raises:
        RewardError: No rater, one named twice, or a weight that is not a positive number.
    """
    found = []
    for part in text.split("+"):
        weight, star, name = part.rpartition("*")
        try:
            value = float(weight) if star else 1.0
        except ValueError:
            value = math.nan
        if not name.strip() or not math.isfinite(value) or value <= 0.0:
            raise RewardError(f"reward {text!r}: {part!r} is not RATER or WEIGHT*RATER, such as 0.7*judge+0.3*encoder")
        found.append((value, name.strip()))
    if len({name for _, name in found}) < len(found):
        raise RewardError(f"reward {text!r} names a rater twice")
    total = sum(weight for weight, _ in found)
    return [(weight / total, name) for weight, name in found]


def combine(parts: list[tuple[float, Rating]]) -> Rating:
    """The weighted mean of ratings of one try; each rater's own reward is kept among the details.

    To be redone if any rater says so. Success is the word of the first rater that can tell.
    """
    if len(parts) == 1:
        return parts[0][1]
    name = "+".join(f"{weight:g}*{rating.rater}" for weight, rating in parts)
    details = {f"{rating.rater}.{key}": value for _, rating in parts for key, value in rating.details.items()}
    details |= {f"{rating.rater}.reward": rating.reward for _, rating in parts}
    success = next((rating.success for _, rating in parts if rating.success is not None), None)
    reward = min(1.0, sum(weight * rating.reward for weight, rating in parts))
    return Rating(reward, success, name, any(rating.redo for _, rating in parts), details)
