"""A workcell without physics: the reward is how near the executed grasp is to the one its scene asks for.

Run as a script it fine-tunes in a folder, and can kill itself (SIGKILL) at a chosen instant:

    python deft_cem_fakes.py FOLDER [--resume] [--die reset:12|look:12|execute:12|rate:12|append:12|fit:1|policy:1]

With --relabel N the label of try N is taken back while the scene is reset for what comes after it.
"""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

import numpy as np

import deft_cem.store.record as record_module
from deft_cem.config import RunConfig
from deft_cem.loop import FineTuning
from deft_cem.relabel import Relabel
from deft_cem.trial import Bench
from deft_core.demonstration import Demonstration
from deft_core.errors import PerceptionRefused
from deft_core.grasp import SIGMA_INITIAL, GraspParameters
from deft_core.hand import load_hand
from deft_core.motion import EpisodeMotion
from deft_core.observation import Affordance, Rating, RGBDFrame
from deft_core.task import Task
from deft_core.workcell import Outcome, load_workcell

BASE = np.concatenate([[0.55, 0.0, 0.05], np.zeros(3), np.full(16, 0.5)])
# The grasp that works is off the prior by this, in every scene, and by a little more that depends on the scene.
BIAS = SIGMA_INITIAL * np.resize([1.0, -1.0, 0.5], 22)


class FakeCell:
    """A workcell and a predictor in one; the reward hears of contact and wrist only."""

    contact_in_wrist = np.array([-0.10, -0.03, 0.02])

    def __init__(self, seed: int = 0) -> None:
        self.calls: list[str] = []
        self.rewards: list[float] = []
        self.fault = ""
        self.refuse = 0
        self.redo = 0
        self._scene = np.random.default_rng(seed)
        self._offset = np.zeros(2)
        self._executed = BASE
        self._captures = 0
        self.encoder_hash = "e" * 64

    def reset(self, objects: str, seed: int) -> None:
        self.calls.append("reset")
        scene = np.random.default_rng([seed, len(objects)])
        self._offset = scene.uniform(-0.075, 0.075, 2)
        self._noise = scene.normal(size=64)

    def look(self) -> RGBDFrame:
        self.calls.append("look")
        self._captures += 1
        color = np.random.default_rng(self._captures).integers(0, 255, (48, 64, 3), dtype=np.uint8)
        K = np.array([[60.0, 0, 32], [0, 60.0, 24], [0, 0, 1]])
        return RGBDFrame(color, np.full((48, 64), 750, np.uint16), K, np.zeros(5), np.eye(4), self._captures, 0.0)

    def predict(self, frame: RGBDFrame, instruction: str) -> Affordance:
        if self.refuse:
            self.refuse -= 1
            raise PerceptionRefused("no object on the table")
        prior = BASE.copy()
        prior[:2] += self._offset
        embedding = 0.1 * self._noise + self._offset[0] * 10.0
        return Affordance(
            instruction=instruction,
            crop=(0, 0, 10, 10),
            contacts_px=np.zeros((1, 2)),
            contacts_base=np.zeros((1, 3)),
            contact_weights=np.ones(1),
            heatmap=np.full((2, 2), 0.25, np.float32),
            wrist_rotation_camera=np.zeros(3),
            mano_pose=np.zeros(45),
            score=0.9,
            embedding=embedding.astype(np.float32),
            encoder_hash=self.encoder_hash,
            contact_depth_m=0.7,
            prior=GraspParameters.from_vector(prior),
            capture_id=frame.capture_id,
        )

    def execute(self, motion: EpisodeMotion) -> Outcome:
        self.calls.append("execute")
        self._executed = motion.grasp.vector
        return Outcome(self.fault, 0.0)

    def rate(self, rater: str, initial: RGBDFrame, final: RGBDFrame) -> Rating:
        self.calls.append(f"rate {rater}")
        if self.redo:
            self.redo -= 1
            return Rating(0.0, None, rater, redo=True)
        wanted = BASE + BIAS
        wanted[:2] += self._offset
        distance = float(np.mean((((self._executed - wanted) / SIGMA_INITIAL)[:6]) ** 2))
        reward = self.rewards.pop(0) if self.rewards else float(np.exp(-0.7 * distance))
        return Rating(reward, reward > 0.5 if rater == "judge" else None, rater, details={"distance": distance})


def make_bench(cell: FakeCell) -> Bench:
    """A bench around the fake."""
    placement = {"x_m": (0.48, 0.62), "y_m": (-0.07, 0.07), "yaw_rad": (0.0, 0.0)}
    thing = {"target": {"kind": "cup"}}
    task = Task.model_validate(
        {
            "name": "fake",
            "instruction": "pick the cup",
            "paraphrases": [],
            "train": thing,
            "test": thing,
            "placement": placement,
            "demonstration": "fake",
            "criterion": {"kind": "held"},
        }
    )
    demonstration = Demonstration(
        task="fake",
        frame="gravity_aligned_at_grasp",
        dt_s=0.1,
        grasp_rotvec=(0.0, 0.0, 0.0),
        translations_m=[(0.0, 0.0, 0.005)] * 40,
        rotations_rad=[(0.0, 0.0, 0.0)] * 40,
        source="test",
        clip_sha256="0" * 64,
    )
    return Bench(cell, cell, task, demonstration, load_hand(), load_workcell("twin"))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arrange_death(what: str, cell: FakeCell, tuning: FineTuning) -> None:
    where, _, count = what.partition(":")
    if where == "append":  # between the two inserts of one transaction
        plain = record_module._json

        def json(value: object) -> str:
            if isinstance(value, dict) and len(value.get("rewards", ())) == int(count):
                _die()
            return plain(value)

        record_module._json = json
    else:
        calls = {"fit": (tuning._policy, "fit"), "policy": (tuning.record, "add_policy")}
        target, name = calls.get(where, (cell, where))
        plain_call, left = getattr(target, name), [int(count)]

        def call(*args: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                _die()
            return plain_call(*args)

        setattr(target, name, call)


def take_back(cell: FakeCell, tuning: FineTuning, corrections: dict[int, Relabel]) -> list[str]:
    """Ask for corrections while the scene is reset after so many episodes, as an operator does; the answers."""
    plain_reset, answers = cell.reset, []

    def reset(objects: str, seed: int) -> None:
        if asked := corrections.pop(len(tuning.record.episodes()), None):
            answers.append(tuning.relabels.ask(tuning.config.run_id, asked))
        plain_reset(objects, seed)

    cell.reset = reset  # type: ignore[method-assign]
    return answers


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--die", default="")
    parser.add_argument("--episodes", type=int, default=14)
    parser.add_argument("--optimizer", default="cem")
    parser.add_argument("--relabel", type=int, default=0)
    args = parser.parse_args()
    cell = FakeCell()
    config = RunConfig(task="fake", seed=3, episodes=args.episodes, trials=3, optimizer=args.optimizer)
    tuning = FineTuning(config, make_bench(cell), args.folder, resume=args.resume)
    if args.relabel:
        take_back(cell, tuning, {args.relabel: Relabel(args.relabel, 1.0, True, "judge")})
    if args.die:
        _arrange_death(args.die, cell, tuning)
    tuning.run()


if __name__ == "__main__":
    main()
