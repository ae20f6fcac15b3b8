"""The fine-tuning loop (paper, algorithm 1), then the policy's fit, then the evaluation trials.

One loop for the robot's node graph and for the twin in-process: both are a `Workcell`. Every finished try is on disk,
with the optimiser's state after it, before the next begins; a run that was killed goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from deft_cem.config import RunConfig, versions
from deft_cem.errors import PolicyError, RecordError
from deft_cem.listener import Control, Listener, Progress, Trial
from deft_cem.optimizers import Optimizer, make_optimizer
from deft_cem.plots import learning_curve
from deft_cem.policies import FitData, ResidualPolicy, load_policy, make_policy
from deft_cem.progress import clock, line
from deft_cem.relabel import Relabels
from deft_cem.rewards import parse_reward
from deft_cem.store import Episode, ImageWriter, NoImages, RunInfo, RunRecord
from deft_cem.summary import METHODS, OBJECTS, summarise, write_summary
from deft_cem.trial import Bench, Proposal, Runner
from deft_core.config import short_name
from deft_core.grasp import GRASP_DIM
from deft_core.observation import Affordance
from deft_core.workcell import scene_seed

POLICY_FILE = "policy.safetensors"


class FineTuning:
    """A run in a folder: begins it, or resumes it.

    Args:
        config: What to do.
        bench: What to do it with.
        folder: The run folder.
        resume: Continue the run that is there; otherwise the folder must hold none.
        listener: Hears of every step.
        control: Pause and stop.
        setup_s: Seconds it took to get here, for the summary.
        keep_images: Whether captures are written into the folder.

    Raises:
        RecordError: The folder cannot be used; says why and what to do.
        OptimizerError, PolicyError, RewardError: No such optimiser, policy or reward, or bad options.
    """

    def __init__(
        self,
        config: RunConfig,
        bench: Bench,
        folder: Path,
        *,
        resume: bool = False,
        listener: Listener | None = None,
        control: Control | None = None,
        setup_s: float = 0.0,
        keep_images: bool = True,
    ) -> None:
        self.config, self.bench, self.folder = config, bench, folder
        self.listener, self.control = listener or Listener(), control or Control()
        self._setup_s = setup_s
        parse_reward(config.reward)
        self._optimizer: Optimizer = make_optimizer(
            config.optimizer, config.generator("optimizer"), config.optimizer_options
        )
        self._policy: ResidualPolicy = make_policy(config.policy, config.policy_options)
        self._best_now: float | None = None
        cell = bench.cell.model_dump(mode="json")
        if resume:
            self.record = RunRecord.resume(folder, config.identity(), cell)
        else:
            info = RunInfo(config.run_id, config.identity(), cell, versions(), time.time())
            self.record = RunRecord.create(folder, info, self._state())
        # Corrections of the last label; any thread may ask for one.
        self.relabels = Relabels(config.run_id, self.record.relabel)
        for last in self.record.episodes()[-1:]:
            self.relabels.offer(last)
        images = ImageWriter(folder) if keep_images else NoImages()
        self._images = images
        self._runner = Runner(bench, config.reward, config.success_rater, images, self.listener, self.control)

    def run(self) -> dict[str, Any]:
        """Do what is left of the run; return the content of `summary.json`.

        Raises:
            WorkcellError: The workcell failed; what was finished is kept.
            RunStoppedError: Stopping was asked for; what was finished is kept.
        """
        try:
            self._finetune()
            self._fit()
            self._evaluate()
            self._relabelled()  # the last try's label, after which none is proposed
            return self._sum_up(self._fit())
        finally:
            try:
                with suppress(RecordError):  # how the run ended is said, not this
                    self._relabelled()  # whoever follows the run hears of it, however the run ends
            finally:
                self._images.close()
                self.record.close()

    def _finetune(self) -> None:
        done = self.record.episodes("finetune")
        self._restore()
        best = max((e.reward for e in done), default=0.0)
        for index in range(len(done) + 1, self.config.episodes + 1):
            trial = Trial("finetune", "train", "finetune", index, self._seed("finetune", "train", index))
            residual: list[np.ndarray] = []

            def propose(_: Affordance, kept: list[np.ndarray] = residual) -> Proposal:
                kept.append(self._optimizer.ask())
                return Proposal(kept[0])

            best = self._one(trial, propose, index, self.config.episodes, best)

    def _one(
        self, trial: Trial, propose: Callable[[Affordance], Proposal], done: int, total: int, best: float
    ) -> float:
        """Make one try, record it, tell; return the best reward so far."""
        self.control.wait_if_paused()

        def proposed(affordance: Affordance) -> Proposal:
            self._settle(trial.phase)
            return propose(affordance)

        episode, frames, watch = self._runner.run(trial, proposed)
        self._settle(trial.phase)  # nothing is proposed where nothing is seen
        learning = trial.phase == "finetune"
        if learning:
            self._optimizer.tell(episode.residual, episode.reward)
        episode = replace(episode, timings=watch.read(), finished_at=time.time())
        self.record.append(episode, self._state() if learning else None)
        best = max(best if self._best_now is None else self._best_now, episode.reward)
        self._best_now = None
        self.relabels.offer(episode)
        self.listener.finished(episode, frames, self._optimizer.distribution() if learning else None, best)
        left = self._seconds_left()
        text = line(episode, done, total, best, left)
        self.listener.progress(Progress(trial.phase, text, done, total, best, left))
        return best

    def _state(self) -> tuple[str, dict[str, Any]]:
        return self.config.optimizer, self._optimizer.state_dict()

    def _restore(self) -> None:
        """Put the optimiser to where it was after the last try; one whose label was corrected since is told again."""
        with self.relabels.held():
            told = self.record.told()
            self._optimizer.load_state_dict(self.record.optimizer_state(told)[1])
            for episode in self.record.episodes("finetune")[told:]:
                self._optimizer.ask()  # as it was asked then: the generator goes on from the same place
                self._optimizer.tell(episode.residual, episode.reward)
                self.record.keep_optimizer_state(episode.index, self._state())

    def _settle(self, phase: str) -> None:
        """Before a try of a phase is proposed, end the time for corrections, and learn from the last one."""
        after = self._relabelled()
        if after is not None and after.phase != phase:  # the last of fine-tuning decides what the policy is fitted to
            self._best_now = None  # the best of another phase
            self._fit()

    def _relabelled(self) -> Episode | None:
        """End the time for corrections of the last label; its episode, if it was corrected."""
        after = self.relabels.close()
        if after is not None:
            if after.phase == "finetune":
                self._restore()
            self._best_now = max(e.reward for e in self.record.episodes(after.phase))
            self.listener.relabelled(after, self._best_now)
        return after

    def _fit(self) -> float:
        """Fit the policy to the tries, or load the one that was fitted; return the seconds the fit took."""
        with self.relabels.held():  # a policy in the record is fitted to the labels in the record
            return self._fitted()

    def _fitted(self) -> float:
        path = self.folder / POLICY_FILE
        known = self.record.policy()
        if known is not None and path.exists():
            with suppress(PolicyError):  # damaged: the tries give the same one again
                policy = load_policy(path)
                if policy.hash == known["sha256"]:
                    self._policy = policy
                    return float(known["seconds"])
        self.control.check()
        start = time.perf_counter()
        data = fit_data(self.record.episodes("finetune"), self.config.task, self.config.hand)
        report = self._policy.fit(data, self.config.generator("policy"))
        sha256 = self._policy.save(path)
        seconds = time.perf_counter() - start
        self.record.add_policy(self.config.policy, POLICY_FILE, sha256, seconds, report)
        notes = "".join(f"; {note}" for note in report.notes)
        text = f"fitted {self.config.policy} to the best {report.elites} of {report.episodes} in {seconds:.1f} s{notes}"
        self.listener.progress(Progress("fit", text, seconds_left=self._seconds_left()))
        return seconds

    def _trials(self) -> Iterator[Trial]:
        """All evaluation trials in order. The prior gets the first of the scenes the tuned policy gets."""
        for method in METHODS:
            for objects in OBJECTS:
                count = self.config.prior_trials_each if method == "prior" else self.config.trials
                for index in range(1, count + 1):
                    yield Trial("evaluation", objects, method, index, self._seed("evaluation", objects, index))

    def _evaluate(self) -> None:
        finished = self.record.episodes("evaluation")
        keys = {e.key for e in finished}
        best = max((e.reward for e in finished), default=0.0)
        trials = list(self._trials())
        for done, trial in enumerate(trials, start=1):
            if (trial.phase, trial.objects, trial.method, trial.index) in keys:
                continue
            rng = self.config.generator(f"{trial.method}/{trial.objects}", trial.index)
            propose = self._nothing if trial.method == "prior" else self._asker(rng)
            best = self._one(trial, propose, done, len(trials), best)

    def _nothing(self, _: Affordance) -> Proposal:
        return Proposal(np.zeros(GRASP_DIM))

    def _asker(self, rng: np.random.Generator) -> Callable[[Affordance], Proposal]:
        def propose(affordance: Affordance) -> Proposal:
            self._policy.check_fits(self.config.hand, affordance.encoder_hash)
            embedding = np.asarray(affordance.embedding, dtype=np.float64)
            prediction = self._policy.predict(embedding, affordance.prior.vector, rng)
            return Proposal(prediction.residual, prediction.note)

        return propose

    def _seed(self, phase: str, objects: str, index: int) -> int:
        return scene_seed(self.config.seed, phase, objects, index)

    def _seconds_left(self) -> float:
        """Mean length of the tries so far times the tries to come."""
        lengths = [e.timings["total"] for e in self.record.episodes()]
        total = self.config.episodes + 2 * (self.config.trials + self.config.prior_trials_each)
        return float(np.mean(lengths)) * (total - len(lengths)) if lengths else float("nan")

    def _sum_up(self, fit_s: float) -> dict[str, Any]:
        tries, evaluation = self.record.episodes("finetune"), self.record.episodes("evaluation")
        wall = {
            "setup": self._setup_s,
            "fit": fit_s,
            "episodes": sum(e.timings["total"] for e in tries),
            "evaluation": sum(e.timings["total"] for e in evaluation),
        }
        summary = summarise(self.config, tries, evaluation, wall, self.record.info.versions)
        warm_up = getattr(self._optimizer.config, "warm_up", 0)
        title = f"{short_name(self.config.task)}, seed {self.config.seed}, {self.config.optimizer}"
        learning_curve(self.folder / "learning_curve.png", title, tries, warm_up)
        write_summary(self.folder / "summary.json", summary)
        text = f"done in {clock(sum(wall.values()))}"
        self.listener.progress(Progress("done", text, len(evaluation), len(evaluation), seconds_left=0.0))
        return summary


def fit_data(tries: list[Episode], task: str, hand: str) -> FitData:
    """Rows a policy is fitted to, from a run's fine-tuning episodes in order."""
    return FitData(
        np.array([e.residual for e in tries]),
        np.array([e.prior for e in tries]),
        np.array([e.embedding for e in tries]),
        np.array([e.reward for e in tries]),
        task,
        hand,
        tries[0].encoder_hash if tries else "",
    )
