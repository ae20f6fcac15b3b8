"""Find an expert grasp by CMA-ES on the judge's reward, relative to the object's true pose.

It replaces the one that is known only where it succeeds as often in the same scenes, or more.

ros2 run deft_sim find_expert --task pour_cup --objects train
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np
from cmaes import CMA

from deft_core.demonstration import load_demonstration
from deft_core.errors import ConfigError, DeftError
from deft_core.geometry import Array
from deft_core.motion import episode_motion
from deft_core.task import load_task
from deft_core.workcell import load_workcell
from deft_sim.climb import climb
from deft_sim.errors import SimulationDiverged
from deft_sim.experts import EXPERTS_FILE, Expert, expert_for, place_grasp, save_expert
from deft_sim.task_scene import OBJECT_SETS, TARGET
from deft_sim.workcell import TwinWorkcell

# Where the grasping hand expects the contact: in front of the palm, between the fingers and the opposed thumb.
CONTACT_IN_WRIST = np.array([-0.11, -0.045, 0.0])
# Search scale of each parameter: the contact in metres, wrist and joints in radians.
SCALE = np.concatenate([np.full(3, 0.015), np.full(3, 0.2), np.full(16, 0.25)])
# What a fault (collision, out of reach, refused) leaves of the reward: a run counts nothing, a search needs a slope.
FAULT_LEAVES = 0.4


class Search:
    """Evaluates grasps relative to the target's true pose."""

    def __init__(self, task_name: str, objects: str, demonstration: str = "", workcell: str = "twin") -> None:
        self.task, self.objects = load_task(task_name), objects
        self.cell = load_workcell(workcell)
        self.demonstration = load_demonstration(demonstration or self.task.demonstration)
        self.twin = TwinWorkcell(self.task, self.cell, seed=0)
        self.symmetric = self.twin.scene.world(objects).things[TARGET].symmetric

    def start(self) -> Array:
        """Where the search starts (22,): as the kind of thing suggests."""
        target = self.twin.scene.world(self.objects).things[TARGET]
        return np.concatenate([target.handle_m, target.approach_rpy, target.preshape])

    def reward(self, relative: Array, seeds: Sequence[int]) -> tuple[float, float]:
        """Mean reward and success over scenes."""
        rewards, successes = [], []
        for seed in seeds:
            self.twin.reset(self.objects, seed)
            grasp = place_grasp(relative, self.twin.world.pose(TARGET), symmetric=self.symmetric)
            motion = episode_motion(grasp, self.demonstration, self.twin.hand, CONTACT_IN_WRIST, self.cell)
            fault = self.twin.execute(motion).fault
            verdict = self.twin.verdict()
            rewards.append(FAULT_LEAVES * verdict.reward if fault else verdict.reward)
            successes.append(verdict.success and not fault)
        return float(np.mean(rewards)), float(np.mean(successes))

    def known_better(self, success: float, seeds: Sequence[int]) -> float | None:
        """Success of the expert that is known already, where it beats the one found in the same scenes."""
        try:
            known = expert_for(self.task.name, self.objects)
        except ConfigError:
            return None
        before = self.reward(np.concatenate([known.contact, known.wrist_rpy, known.joints]), seeds)[1]
        return before if before > success else None

    def price(self, relative: Array, seed: int) -> float:
        """Reward in one scene, less what a fault costs."""
        try:
            self.twin.reset(self.objects, seed)
            grasp = place_grasp(relative, self.twin.world.pose(TARGET), symmetric=self.symmetric)
            motion = episode_motion(grasp, self.demonstration, self.twin.hand, CONTACT_IN_WRIST, self.cell)
            fault = self.twin.execute(motion).fault
        except SimulationDiverged:
            return 0.0
        return self.twin.verdict().reward * (FAULT_LEAVES if fault else 1.0)

    def run(self, start: Array, rng: np.random.Generator, generations: int, scenes: int, sigma: float) -> Array:
        """Search; returns the best mean (22,)."""
        optimizer = CMA(mean=np.zeros(22), sigma=sigma, seed=int(rng.integers(2**31)), population_size=14)
        for generation in range(generations):
            seeds = rng.integers(1, 2**31, size=scenes).tolist()
            told = []
            for _ in range(optimizer.population_size):
                x = optimizer.ask()
                told.append((x, -self.reward(start + SCALE * x, seeds)[0]))
            optimizer.tell(told)
            mean = -float(np.mean([value for _, value in told]))
            best = -min(value for _, value in told)
            print(f"generation {generation + 1:3d}: mean {mean:.3f}, best {best:.3f}", flush=True)
        return start + SCALE * optimizer.mean


def main(argv: Sequence[str] | None = None) -> int:
    """Run the search; returns the exit status."""
    parser = argparse.ArgumentParser(prog="find_expert", description=__doc__)
    parser.add_argument("--task", required=True)
    parser.add_argument("--objects", choices=OBJECT_SETS, default="train")
    parser.add_argument("--demonstration", default="", help="a demonstration file instead of the task's")
    parser.add_argument("--generations", type=int, default=20)
    parser.add_argument("--climb", type=int, default=0, metavar="TRIES", help="climb from the start instead")
    parser.add_argument("--seconds", type=float, default=np.inf, help="wall time to climb for")
    parser.add_argument("--scenes", type=int, default=3, help="scenes that each grasp is tried in")
    parser.add_argument("--trials", type=int, default=20, help="scenes to measure the result on")
    parser.add_argument("--sigma", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", metavar="TASK/OBJECTS", help="start from another expert")
    parser.add_argument("--shift", type=float, nargs=3, default=(0.0, 0.0, 0.0), help="move the start, metres")
    parser.add_argument("--turn", type=float, nargs=3, default=(0.0, 0.0, 0.0), help="turn its wrist, radians")
    args = parser.parse_args(argv)
    try:
        search = Search(args.task, args.objects, args.demonstration)
        start = search.start()
        if args.start:
            known = expert_for(*args.start.split("/", 1))
            start = np.concatenate([known.contact, known.wrist_rpy, known.joints])
        start[:6] += [*args.shift, *args.turn]
        rng = np.random.default_rng(args.seed)
        if args.climb:
            scenes = rng.integers(1, 2**31, size=args.scenes).tolist()
            found = climb(
                start, search.price, scenes, args.climb, rng, lambda text: print(text, flush=True), args.seconds
            )
        else:
            found = search.run(start, rng, args.generations, args.scenes, args.sigma)
        found[6:] = search.twin.hand.clip(found[6:])
        measured_on = rng.integers(1, 2**31, size=args.trials).tolist()
        reward, success = search.reward(found, measured_on)
        if (better := search.known_better(success, measured_on)) is not None:
            print(f"{args.task}/{args.objects}: found {success:.2f}, the known one does {better:.2f}: nothing changed")
            return 0
        x = np.round(found, 4).tolist()
        expert = Expert(
            contact=tuple(x[:3]),
            wrist_rpy=tuple(x[3:6]),
            joints=tuple(x[6:]),
            contact_in_wrist=tuple(CONTACT_IN_WRIST.tolist()),
            symmetric=search.symmetric,
            success=success,
            episodes=args.trials,
        )
        save_expert(args.task, args.objects, expert)
    except DeftError as error:
        print(f"find_expert: {error}", file=sys.stderr)
        return 1
    found_text = f"{args.task}/{args.objects}: reward {reward:.3f}, success {success:.2f} of {args.trials}"
    print(f"{found_text}; kept in {EXPERTS_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
