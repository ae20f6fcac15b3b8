"""Correcting the last label: on disk before whoever asked, in any thread, hears that it is corrected.

A label can be corrected from the moment its episode is on disk until the loop proposes the next residual, or sums up.
The record loses what was made of the old label with it; before the loop goes on, it puts the optimiser back to where it
was before the episode and tells it the new reward, so that the run goes on as if the label had been right from the
beginning.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    """The one label that may be corrected.

    Args:
        run_id: Of the run.
        write: Puts a correction on disk, given the episode as it was and as it is to be; called in any thread.
    """

    def __init__(self, run_id: str, write: Callable[[Episode, Episode], None]) -> None:
        self._run_id, self._write = run_id, write
        self._lock = threading.Lock()
        self._last: Episode | None = None
        self._corrected = False

    def offer(self, episode: Episode) -> None:
        """From now on this episode's label may be corrected."""
        with self._lock:
            self._last, self._corrected = episode, False

    def ask(self, run_id: str, asked: Relabel) -> str:
        """Correct the label; returns what it is now.

        Raises:
            RelabelError: Another run or episode, too late, or a label that this rater did not give.
            RewardError: The reward is not in [0, 1].
            RecordError: The correction cannot be written: the label stays.
        """
        check_reward(asked.reward)
        with self._lock:
            if run_id != self._run_id:
                raise RelabelError(f"the run under way is {self._run_id}, not {run_id}")
            if self._last is None:
                raise RelabelError("the next try is under way; a label can be corrected until the scene is reset")
            if asked.index != self._last.index:
                raise RelabelError(f"only the last episode ({self._last.index}) can be corrected, not {asked.index}")
            after = corrected(self._last, asked)
            if after is self._last:
                raise RelabelError(
                    f"the label of episode {asked.index} was given by {self._last.rater}, not by {asked.rater}"
                )
            self._write(self._last, after)
            self._last, self._corrected = after, True
        return f"episode {asked.index} is now {asked.reward:.2f}, {'success' if asked.success else 'no success'}"

    @contextmanager
    def held(self) -> Iterator[None]:
        """While something is made of the labels as they are, let corrections wait."""
        with self._lock:
            yield

    def close(self) -> Episode | None:
        """End the time for corrections; the episode as it is now, if its label was corrected."""
        with self._lock:
            last = self._last if self._corrected else None
            self._last, self._corrected = None, False
        return last


def corrected(episode: Episode, asked: Relabel) -> Episode:
    """The episode with what this rater said of it replaced; itself if the rater said nothing of it."""
    if asked.rater == episode.rater:
        episode = replace(episode, reward=asked.reward)
    if asked.rater == episode.success_source:
        episode = replace(episode, success=asked.success)
    return episode
