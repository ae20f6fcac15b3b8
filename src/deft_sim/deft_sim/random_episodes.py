"""Run random episodes across the tasks and count what must never happen.

ros2 run deft_sim random_episodes --n 1000 --json

A random grasp (a contact on the object, random wrist and hand) in a random scene, train and test objects in turn.
Counted are divergences, states that are not finite, MuJoCo's warnings by name, faults, and episodes that took longer
than a limit.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence

import mujoco
import numpy as np
from tqdm import tqdm

from deft_core.demonstration import load_demonstration
from deft_core.errors import DeftError
from deft_core.task import available_tasks, load_task
from deft_core.workcell import load_workcell, scene_seed
from deft_sim.errors import SimulationDiverged
from deft_sim.task_scene import OBJECT_SETS
from deft_sim.trials import Setting, random_grasp
from deft_sim.workcell import TwinWorkcell


def run_episodes(tasks: Sequence[str], n: int, seed: int, limit_s: float) -> dict[str, object]:
    """Run n episodes, the tasks in turn; returns what the command prints.

    Args:
        tasks: names.
        n: episodes in all.
        seed: of scenes and grasps.
        limit_s: wall time of one episode beyond which it counts as slow.
    """
    cell = load_workcell("twin")
    settings = {}
    for name in tasks:
        task = load_task(name)
        settings[name] = Setting(TwinWorkcell(task, cell, seed), load_demonstration(task.demonstration), None)
    counts: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    longest, lived = 0.0, 0.0
    begin = time.perf_counter()
    for k in tqdm(range(n), unit="episode", disable=None):
        setting, objects = settings[tasks[k % len(tasks)]], OBJECT_SETS[(k // len(tasks)) % 2]
        scene = scene_seed(seed, "random", objects, k)
        start = time.perf_counter()
        twin = setting.twin
        twin.reset(objects, scene)
        try:
            fault = twin.execute(random_grasp(setting, np.random.default_rng([scene, 1]))).fault
            counts["faults"] += bool(fault)
            counts["successes"] += twin.verdict().success
        except SimulationDiverged:
            counts["diverged"] += 1
        data = twin.world.data
        counts["not_finite"] += not (np.isfinite(data.qpos).all() and np.isfinite(data.qvel).all())
        for kind in mujoco.mjtWarning.__members__.values():
            if kind != mujoco.mjtWarning.mjNWARNING and data.warning[kind].number:
                warnings[kind.name.removeprefix("mjWARN_").lower()] += int(data.warning[kind].number)
        took = time.perf_counter() - start
        counts["slow"] += took > limit_s
        longest, lived = max(longest, took), lived + twin.world.time_s
    wall = time.perf_counter() - begin
    names = ("diverged", "not_finite", "slow", "faults", "successes")
    return {
        "tasks": list(tasks),
        "n": n,
        "seed": seed,
        **{name: int(counts[name]) for name in names},
        "warnings": dict(warnings),
        "longest_s": round(longest, 2),
        "wall_s": round(wall, 1),
        "realtime_factor": round(lived / wall, 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 2 where something happened that must not."""
    parser = argparse.ArgumentParser(prog="random_episodes", description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", default="all", help="names with commas, or all")
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=60.0, help="wall seconds beyond which an episode counts as slow")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    try:
        tasks = available_tasks() if args.tasks == "all" else args.tasks.split(",")
        result = run_episodes(tasks, args.n, args.seed, args.limit)
    except DeftError as error:
        print(f"random_episodes: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(result))
    else:
        for key, value in result.items():
            print(f"{key:16} {value}")
    return 2 if result["diverged"] or result["not_finite"] or result["slow"] else 0


if __name__ == "__main__":
    sys.exit(main())
