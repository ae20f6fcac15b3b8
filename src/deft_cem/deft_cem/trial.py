"""One try on a workcell: reset, look, predict, propose, execute, look again, rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deft_cem.errors import RewardError
from deft_cem.listener import Control, Listener, Trial
from deft_cem.optimizers.base import check_reward
from deft_cem.rewards import combine, parse_reward
from deft_cem.store.episode import Episode
from deft_cem.store.images import ImageWriter
from deft_core.demonstration import Demonstration
from deft_core.errors import PerceptionRefused, TryInterrupted, WorkcellError
from deft_core.grasp import GRASP_DIM, GraspParameters
from deft_core.hand import HandModel
from deft_core.motion import episode_motion
from deft_core.observation import Affordance, Rating, RGBDFrame
from deft_core.task import Task
from deft_core.workcell import Predictor, Workcell, WorkcellConfig, scene_seed

Array = NDArray[np.float64]
# Captures of one scene, and scenes, that may show no graspable object before a fine-tuning run gives up.
LOOKS = 3
SCENES = 3
# How often one try is made again after something cut it short that was not the grasp.
INTERRUPTIONS = 3


@dataclass(frozen=True)
class Bench:
    """Everything a try is made with."""

    workcell: Workcell
    predictor: Predictor
    task: Task
    demonstration: Demonstration
    hand: HandModel
    cell: WorkcellConfig


@dataclass(frozen=True)
class Proposal:
    """A residual (22,) and what the reader should know about it."""

    residual: Array
    note: str = ""


@dataclass
class Stopwatch:
    """Host seconds by name; what is under no name is the loop's own."""

    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.perf_counter)

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Add what happens inside to a name."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def read(self) -> dict[str, float]:
        """All names, with `total` and `overhead` (the loop's own)."""
        total = time.perf_counter() - self.begun
        return self.seconds | {"total": total, "overhead": total - sum(self.seconds.values())}


@dataclass(frozen=True)
class _Seen:
    trial: Trial
    frame: RGBDFrame
    affordance: Affordance | None
    refusal: str = ""


@dataclass(frozen=True)
class Runner:
    """Makes tries on a bench.

    Attributes:
        bench: What they are made with.
        reward: Rater whose reward is recorded and learned from, or several (`deft_cem.rewards`).
        success_rater: Rater whose word on success is recorded.
        images: Where captures go.
        listener: Hears of every step.
        control: May stop between steps.
    """

    bench: Bench
    reward: str
    success_rater: str
    images: ImageWriter
    listener: Listener
    control: Control

    def run(
        self, trial: Trial, propose: Callable[[Affordance], Proposal]
    ) -> tuple[Episode, tuple[RGBDFrame, RGBDFrame], Stopwatch]:
        """Make one try.

        A grasp that cannot be executed, and in evaluation a scene in which the prior finds nothing to grasp, is a
        failed episode: reward 0, success False, the reason in `fault`. What no grasp is to blame for is raised.

        Args:
            trial: Which try.
            propose: From what was seen to a residual; called once, the same residual is used if the try is redone.

        Returns:
            The episode (its `timings` hold no total yet), the captures before and after, and the running stopwatch.

        Raises:
            WorkcellError: The workcell failed, three scenes showed nothing to grasp, or interruptions did not
                pass.
            RewardError: The rater gave something that is no reward.
            RunStoppedError: Stopping was asked for.
        """
        watch = Stopwatch()
        proposal: Proposal | None = None
        interruptions = 0
        while True:
            self.listener.began(trial)
            try:
                seen = self._see(trial, watch)
                if seen.affordance is None:
                    return self._unseen(seen, watch)
                if proposal is None:
                    proposal = propose(seen.affordance)
                done = self._try(seen, seen.affordance, proposal, watch)
            except TryInterrupted:
                interruptions += 1
                if interruptions > INTERRUPTIONS:
                    raise
                continue
            if done is not None:
                return done

    def _see(self, trial: Trial, watch: Stopwatch) -> _Seen:
        """Reset, look and predict until the prior finds something."""
        bench, refusal = self.bench, ""
        for scene in range(SCENES if trial.phase == "finetune" else 1):
            seed = trial.scene_seed
            if scene:
                seed = scene_seed(trial.scene_seed, "again", trial.objects, scene)
            current = Trial(trial.phase, trial.objects, trial.method, trial.index, seed)
            self.control.check()
            with watch.time("reset"):
                bench.workcell.reset(trial.objects, seed)
            for _ in range(LOOKS):
                self.control.check()
                with watch.time("look"):
                    frame = bench.workcell.look()
                self.listener.looked(frame)
                try:
                    with watch.time("predict"):
                        affordance = bench.predictor.predict(frame, bench.task.instruction)
                except PerceptionRefused as error:
                    refusal = str(error)
                    continue
                return _Seen(current, frame, affordance)
        if trial.phase == "finetune":
            raise WorkcellError(
                f"the prior found nothing to grasp in {SCENES} scenes ({refusal}); check camera, light and object"
            )
        return _Seen(current, frame, None, refusal)

    def _unseen(self, seen: _Seen, watch: Stopwatch) -> tuple[Episode, tuple[RGBDFrame, RGBDFrame], Stopwatch]:
        nothing = np.zeros(GRASP_DIM)
        files = self.images.submit(seen.frame, f"{stem(seen.trial)}_initial").result()
        episode = Episode(
            **vars(seen.trial),
            prior=nothing,
            residual=nothing,
            executed=nothing,
            reward=0.0,
            rater="fault",
            success=False,
            success_source="fault",
            fault=f"no_object: {seen.refusal}",
            timings=watch.seconds,
            initial_capture_id=seen.frame.capture_id,
            final_capture_id=seen.frame.capture_id,
            images={f"{when}_{k}": v for when in ("initial", "final") for k, v in files.items()},
        )
        return episode, (seen.frame, seen.frame), watch

    def _try(
        self, seen: _Seen, affordance: Affordance, proposal: Proposal, watch: Stopwatch
    ) -> tuple[Episode, tuple[RGBDFrame, RGBDFrame], Stopwatch] | None:
        """Execute and rate; None if the rater wants it redone."""
        bench, trial = self.bench, seen.trial
        before = self.images.submit(seen.frame, f"{stem(trial)}_initial")
        motion = episode_motion(
            affordance.prior.plus(proposal.residual),
            bench.demonstration,
            bench.hand,
            bench.predictor.contact_in_wrist,
            bench.cell,
        )
        self.listener.proposed(trial, affordance, motion.grasp)
        self.control.check()
        with watch.time("motion"):
            outcome = bench.workcell.execute(motion)
        self.control.check()
        with watch.time("look"):
            final = bench.workcell.look()
        self.listener.looked(final)
        after = self.images.submit(final, f"{stem(trial)}_final")
        with watch.time("rate"):
            rating, success, source = self._rate(outcome.fault, seen.frame, final)
        self.control.check()
        if rating.redo:
            before.result(), after.result()
            return None
        images = {f"initial_{k}": v for k, v in before.result().items()}
        images |= {f"final_{k}": v for k, v in after.result().items()}
        episode = Episode(
            **vars(trial),
            prior=affordance.prior.vector,
            residual=proposal.residual,
            executed=motion.grasp.vector,
            reward=rating.reward,
            rater=rating.rater,
            success=success,
            success_source=source,
            fault=outcome.fault,
            note=proposal.note,
            rating_details=rating.details,
            timings=watch.seconds,
            embedding=np.asarray(affordance.embedding, dtype=np.float32),
            encoder_hash=affordance.encoder_hash,
            initial_capture_id=seen.frame.capture_id,
            final_capture_id=final.capture_id,
            images=images,
        )
        return episode, (seen.frame, final), watch

    def _rate(self, fault: str, before: RGBDFrame, after: RGBDFrame) -> tuple[Rating, bool | None, str]:
        """The rating, and success with its source: a grasp that could not be carried out needs no rater."""
        if fault:
            return Rating(0.0, False, "fault"), False, "fault"
        weights = parse_reward(self.reward)
        try:
            ratings = {name: self.bench.workcell.rate(name, before, after) for _, name in weights}
            rating = combine([(weight, ratings[name]) for weight, name in weights])
            check_reward(rating.reward)
        except ValueError as error:
            raise RewardError(f"rater {self.reward}: {error}; the episode is not counted, mend the rater") from error
        if rating.redo:
            return rating, rating.success, rating.rater if rating.success is not None else ""
        verdict = ratings.get(self.success_rater) or self.bench.workcell.rate(self.success_rater, before, after)
        return rating, verdict.success, verdict.rater if verdict.success is not None else ""


def stem(trial: Trial) -> str:
    """Beginning of a try's image file names."""
    return f"{trial.phase}_{trial.objects}_{trial.method}_{trial.index:04d}"


__all__ = ["Bench", "GraspParameters", "Proposal", "Runner", "Stopwatch", "stem"]
