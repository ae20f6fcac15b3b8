"""Try a kind of grasp many times on the in-process twin and print how often it succeeds.

ros2 run deft_sim trials --task pour_cup --grasp expert --objects train --n 100 --seed 0 --json
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from deft_core.demonstration import Demonstration, load_demonstration
from deft_core.errors import DeftError
from deft_core.geometry import Array, apply
from deft_core.grasp import GraspParameters
from deft_core.hand import HandModel
from deft_core.motion import EpisodeMotion, HandShape, episode_motion
from deft_core.task import load_task
from deft_core.workcell import load_workcell, scene_seed
from deft_sim.experts import Expert, expert_for
from deft_sim.task_scene import OBJECT_SETS, TARGET
from deft_sim.things.thing import Thing
from deft_sim.workcell import TwinWorkcell

# Where a hand expects the contact when nobody told it better: in front of the palm.
CONTACT_IN_WRIST = (-0.11, -0.045, 0.0)


@dataclass(frozen=True, eq=False)
class Setting:
    """What a grasp is made from: the demonstration, the twin's target, and an expert where one is known."""

    twin: TwinWorkcell
    demonstration: Demonstration
    expert: Expert | None

    def motion(self, grasp: GraspParameters) -> EpisodeMotion:
        """The episode's motion of a grasp."""
        contact_in_wrist = self.expert.contact_in_wrist if self.expert else CONTACT_IN_WRIST
        return episode_motion(grasp, self.demonstration, self.twin.hand, contact_in_wrist, self.twin.cell)

    def expert_motion(self) -> EpisodeMotion:
        """The expert's motion for the target where it truly stands."""
        assert self.expert is not None
        return self.motion(self.expert.grasp(self.twin.world.pose(TARGET)))


def setting_for(twin: TwinWorkcell, demonstration: Demonstration, objects: str) -> Setting:
    """A setting with the expert of the twin's task and an object set; raises ConfigError where there is none."""
    return Setting(twin, demonstration, expert_for(twin.task.name, objects))


def reshaped(motion: EpisodeMotion, change: Callable[[Array], Array]) -> EpisodeMotion:
    """The same motion with other hand postures: every posture (16,) is passed through `change`."""
    steps = tuple(replace(s, joints=change(s.joints)) if isinstance(s, HandShape) else s for s in motion.steps)
    return EpisodeMotion(motion.grasp, steps)


def expert(setting: Setting, rng: np.random.Generator) -> EpisodeMotion:
    """The grasp that the search found."""
    return setting.expert_motion()


def open_hand(setting: Setting, rng: np.random.Generator) -> EpisodeMotion:
    """The expert's way, with a hand that never closes."""
    return reshaped(setting.expert_motion(), np.zeros_like)


def no_thumb(setting: Setting, rng: np.random.Generator) -> EpisodeMotion:
    """The expert's way, with the thumb stretched out of the way."""

    def without(joints: Array) -> Array:
        out = joints.copy()
        out[12:16] = setting.twin.hand.lower[12:16]
        return out

    return reshaped(setting.expert_motion(), without)


def random_grasp(setting: Setting, rng: np.random.Generator) -> EpisodeMotion:
    """A contact somewhere on the object, with random rotation and hand."""
    twin: TwinWorkcell = setting.twin
    target: Thing = twin.world.things[TARGET]
    hand: HandModel = twin.hand
    contact = apply(twin.world.pose(TARGET), target.surface_point(rng))
    rpy = rng.uniform([-0.8, -0.8, -0.8], [0.8, 0.4, 0.8])
    return setting.motion(GraspParameters(contact, rpy, rng.uniform(hand.lower, hand.upper)))


GRASPS: dict[str, Callable[[Setting, np.random.Generator], EpisodeMotion]] = {
    "expert": expert,
    "open_hand": open_hand,
    "no_thumb": no_thumb,
    "random": random_grasp,
}


def run_trials(
    task_name: str, grasp: str, objects: str, n: int, seed: int, *, workcell: str = "twin", demonstration: str = ""
) -> dict[str, object]:
    """Run n trials and return what the command prints.

    Raises:
        DeftError: the task, its demonstration or an expert is missing or malformed.
    """
    task = load_task(task_name)
    twin = TwinWorkcell(task, load_workcell(workcell), seed)
    known = None if grasp == "random" else expert_for(task.name, objects)
    setting = Setting(twin, load_demonstration(demonstration or task.demonstration), known)
    rewards, successes, faults, warnings, lived = [], 0, 0, 0, 0.0
    start = time.perf_counter()
    for index in tqdm(range(n), unit="trial", disable=None):
        scene = scene_seed(seed, "trials", objects, index)
        twin.reset(objects, scene)
        motion = GRASPS[grasp](setting, np.random.default_rng([scene, 1]))
        fault = twin.execute(motion).fault
        verdict = twin.verdict()
        faults += bool(fault)
        rewards.append(0.0 if fault else verdict.reward)  # as in a run: an arm that had to stop has done nothing
        successes += verdict.success and not fault
        warnings += twin.world.warnings()
        lived += twin.world.time_s
    wall = time.perf_counter() - start
    low, high = wilson(successes, n)
    return {
        "task": task.name,
        "grasp": grasp,
        "objects": objects,
        "n": n,
        "seed": seed,
        "success": successes / n,
        "success_95": [round(low, 3), round(high, 3)],
        "mean_reward": round(float(np.mean(rewards)), 4),
        "faults": faults,
        "wall_s": round(wall, 2),
        "realtime_factor": round(lived / wall, 1),
        "warnings": warnings,
    }


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    z, p = 1.959964, successes / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not above zero")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="trials", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--task", required=True, help="task name, or path of a task file")
    parser.add_argument("--grasp", choices=list(GRASPS), default="expert")
    parser.add_argument("--objects", choices=OBJECT_SETS, default="train")
    parser.add_argument("--n", type=_positive, default=100, help="number of trials")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--demonstration", default="", help="a demonstration file instead of the task's")
    parser.add_argument("--workcell", default="twin", help="twin, cluttered, or the path of a workcell YAML")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    try:
        result = run_trials(
            args.task,
            args.grasp,
            args.objects,
            args.n,
            args.seed,
            workcell=args.workcell,
            demonstration=args.demonstration,
        )
    except DeftError as error:
        print(f"trials: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key:16} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
