"""What an operator may answer, in words: `0.7 y`, `n`, `r`, `u`."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field

from deft_cem.errors import LearningError

YES, NO = ("y", "yes"), ("n", "no")
HOW = "a score from 0 to 1 and y or n for success, such as `0.7 y` (`y` alone is `1 y`, `n` alone `0 n`)"


class AnswerError(LearningError, ValueError):
    """An answer that means nothing; says what would."""


@dataclass(frozen=True)
class Label:
    """What an operator gives an episode."""

    reward: float
    success: bool

    def __str__(self) -> str:
        return f"{self.reward:.2f}, {'success' if self.success else 'no success'}"


def parse_label(text: str) -> Label:
    """Read a label.

    Raises:
        AnswerError: Not a score in [0, 1] and a verdict.
    """
    words = text.replace(",", " ").lower().split()
    if len(words) == 1 and words[0] in YES + NO:
        return Label(1.0 if words[0] in YES else 0.0, words[0] in YES)
    if len(words) != 2 or words[1] not in YES + NO:
        raise AnswerError(f"{text.strip()!r} is not {HOW}")
    try:
        reward = float(words[0])
    except ValueError:
        raise AnswerError(f"{words[0]!r} is not a number; give {HOW}") from None
    if not math.isfinite(reward) or not 0.0 <= reward <= 1.0:
        raise AnswerError(f"the score {words[0]} is not in [0, 1]; give {HOW}")
    return Label(reward, words[1] in YES)


def parse_verdict(text: str) -> bool:
    """Read yes or no.

    Raises:
        AnswerError: Neither.
    """
    word = text.strip().lower()
    if word not in YES + NO:
        raise AnswerError(f"{text.strip()!r} is neither y nor n")
    return word in YES


@dataclass
class Ranking:
    """Scores for an operator who would rather compare than score: a try's score is its place among those before it.

    Attributes:
        placed: (score, episode) of one run's fine-tuning, worst first.
    """

    placed: list[tuple[float, int]] = field(default_factory=list)

    def learn(self, episode: int, score: float) -> None:
        """Take in (or correct) an episode that has a score already."""
        self.placed = [p for p in self.placed if p[1] != episode]
        insort(self.placed, (score, episode))

    def place(self, episode: int, better_than: Callable[[int], bool]) -> float:
        """Find a try's score by asking whether it was better than earlier ones; log2(n) questions.

        Tries that were to come after it are forgotten: the run was begun anew, or went on from before them.

        Args:
            episode: The try.
            better_than: Whether it was better than that episode.

        Returns:
            The middle between its neighbours (0 and 1 at the ends), so that only the order means anything.
        """
        rest = self.placed = [p for p in self.placed if p[1] < episode]
        low, high = 0, len(rest)
        while low < high:
            middle = (low + high) // 2
            if better_than(rest[middle][1]):
                low = middle + 1
            else:
                high = middle
        below = rest[low - 1][0] if low else 0.0
        above = rest[low][0] if low < len(rest) else 1.0
        score = 0.5 * (below + above)
        self.learn(episode, score)
        return score
