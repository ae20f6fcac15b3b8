"""Correcting the last label: asked for by any thread, carried out by the loop's own, before the next try is proposed.

A label can be corrected from the moment its episode is on disk until the loop proposes the next residual. The optimiser
is put back to where it was before the episode and told the new reward, so that the run goes on as if the label had been
right from the beginning.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from deft_cem.errors import RelabelError
from deft_cem.optimizers.base import check_reward
from deft_cem.store.episode import Episode


@dataclass(frozen=True)
class Relabel:
    """What a rater says instead of its last label."""

    index: int
    reward: float
    success: bool
    rater: str


class Relabels:
    """The one correction that may be waiting."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._lock = threading.Lock()
        self._last: Episode | None = None
        self._asked: Relabel | None = None

    def offer(self, episode: Episode) -> None:
        """From now on this episode's label may be corrected."""
        with self._lock:
            self._last, self._asked = episode, None

    def ask(self, run_id: str, asked: Relabel) -> str:
        """Take a correction in; returns what will be done.

        Raises:
            RelabelError: Another run or episode, too late, or a label that this rater did not give.
            RewardError: The reward is not in [0, 1].
        """
        check_reward(asked.reward)
        with self._lock:
            if run_id != self._run_id:
                raise RelabelError(f"the run under way is {self._run_id}, not {run_id}")
            if self._last is None:
                raise RelabelError("the next try is under way; a label can be corrected until the scene is reset")
            if asked.index != self._last.index:
                raise RelabelError(f"only the last episode ({self._last.index}) can be corrected, not {asked.index}")
            if corrected(self._last, asked) is self._last:
                raise RelabelError(
                    f"the label of episode {asked.index} was given by {self._last.rater}, not by {asked.rater}"
                )
            self._asked = asked
        return f"episode {asked.index} is now {asked.reward:.2f}, {'success' if asked.success else 'no success'}"

    def take(self) -> tuple[Episode, Episode] | None:
        """Close the time for corrections; the episode as it was and as it is to be, if one was asked for."""
        with self._lock:
            last, asked, self._last, self._asked = self._last, self._asked, None, None
        return None if last is None or asked is None else (last, corrected(last, asked))


def corrected(episode: Episode, asked: Relabel) -> Episode:
    """The episode with what this rater said of it replaced; itself if the rater said nothing of it."""
    if asked.rater == episode.rater:
        episode = replace(episode, reward=asked.reward)
    if asked.rater == episode.success_source:
        episode = replace(episode, success=asked.success)
    return episode
