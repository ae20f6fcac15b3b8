"""Who follows a run and who may hold it: progress out, pause and stop in."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from deft_cem.errors import RunStoppedError
from deft_cem.optimizers.base import Distribution
from deft_cem.store.episode import Episode
from deft_core.grasp import GraspParameters
from deft_core.observation import Affordance, RGBDFrame


@dataclass(frozen=True)
class Trial:
    """One try to be made."""

    phase: str
    objects: str
    method: str
    index: int
    scene_seed: int


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Attributes:
        phase: setup | finetune | fit | evaluation | done.
        line: One line for a person.
        episode: Finished tries of this phase, of `total`.
        best_reward: Best reward so far in this phase.
        seconds_left: Of the whole run, from the tries so far; NaN before the first.
    """

    phase: str
    line: str
    episode: int = 0
    total: int = 0
    best_reward: float = 0.0
    seconds_left: float = float("nan")


class Listener:
    """Hears what a run does; override what you care for. Called by the loop's own thread."""

    def began(self, trial: Trial) -> None:
        """A try begins, before the scene is reset."""

    def looked(self, frame: RGBDFrame) -> None:
        """A capture was taken, before or after a motion."""

    def proposed(self, trial: Trial, affordance: Affordance, grasp: GraspParameters) -> None:
        """A grasp is about to be executed."""

    def finished(
        self, episode: Episode, frames: tuple[RGBDFrame, RGBDFrame], distribution: Distribution | None, best: float
    ) -> None:
        """A try is on disk. `distribution` is the optimiser's, None for evaluation trials."""

    def relabelled(self, episode: Episode, best: float) -> None:
        """The label of a finished try was corrected, on disk too."""

    def progress(self, progress: Progress) -> None:
        """Something a person would like to read."""


class Control:
    """Pause and stop, from another thread or a signal handler."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._by = "stopped"

    def stop(self, by: str = "stopped") -> None:
        """Stop the run at the next step, saying by what; the unfinished try is dropped."""
        if not self._stop.is_set():
            self._by = by
        self._stop.set()
        self._go.set()

    def pause(self) -> None:
        """Hold the run before its next try."""
        self._go.clear()

    def go_on(self) -> None:
        """Let a paused run go on."""
        self._go.set()

    def sleep(self, seconds: float) -> None:
        """Let time pass, less if stopping is asked for meanwhile."""
        self._stop.wait(seconds)

    @property
    def stopped(self) -> bool:
        """Whether stopping was asked for."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise RunStoppedError if stopping was asked for."""
        if self._stop.is_set():
            raise RunStoppedError(f"the run was {self._by}; its finished episodes are kept")

    def wait_if_paused(self) -> None:
        """Wait while paused; raise RunStoppedError if stopping was asked for."""
        self._go.wait()
        self.check()
