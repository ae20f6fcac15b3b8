"""How fast the twin lives, on one core, on several processes and on Ray.

    python benchmarks/scaling.py [--tasks pick_cup,...|all] [--workers 1,2] [--episodes 40] [--ray local] [--json]

An episode is one of `ros2 run deft_sim trials` with the expert's grasp on the train object: reset, motion, physics and
judgement, no camera. Each worker count does the same episodes, cut into parts of `--part`; making the world and
starting processes are told apart (`start`: wall seconds to the first part done less that part's own). `core` is the
real-time factor of one core while it works; `gain` is episodes a second against the first worker count.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from typing import Any

from tqdm import tqdm

from deft_affordance.workers import add_ray_argument, each_done
from deft_core.task import available_tasks
from deft_sim.trials import run_trials


def part(task: str, episodes: int, seed: int) -> dict[str, object]:
    """Some episodes of a task."""
    return run_trials(task, "expert", "train", episodes, seed)


def measure(task: str, workers: int, episodes: int, size: int, ray: str) -> dict[str, Any]:
    """Do all episodes of a task; returns what it took."""
    jobs = [(task, min(size, episodes - start), 7000 + start) for start in range(0, episodes, size)]
    begun, first, results = time.perf_counter(), 0.0, []
    for result in each_done(part, jobs, workers, ray):
        results.append(result)
        first = first or time.perf_counter() - begun - float(str(result["wall_s"]))
    wall = time.perf_counter() - begun - first
    return {
        "task": task,
        "where": f"ray {ray}" if ray else "processes",
        "workers": workers,
        "episodes": episodes,
        "start_s": round(first, 2),
        "episodes_per_s": round(episodes / wall, 2),
        "core_realtime": round(sum(float(str(r["realtime_factor"])) for r in results) / len(results), 1),
        "success": sum(float(str(r["success"])) * int(str(r["n"])) for r in results) / episodes,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="scaling", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tasks", default="pick_cup")
    parser.add_argument("--workers", default="1,2", help="worker counts, with commas")
    parser.add_argument("--episodes", type=int, default=40)
    parser.add_argument("--part", type=int, default=5)
    add_ray_argument(parser)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    tasks = available_tasks() if args.tasks == "all" else args.tasks.split(",")
    counts = [int(n) for n in args.workers.split(",")]
    todo = [(task, n, ray) for task in tasks for ray in dict.fromkeys(("", args.ray)) for n in counts]
    rows = [measure(task, n, args.episodes, args.part, ray) for task, n, ray in tqdm(todo, unit="row", disable=None)]
    for row in rows:
        base = next(r for r in rows if r["task"] == row["task"])
        row["gain"] = round(row["episodes_per_s"] / base["episodes_per_s"], 2)
    if args.json:
        print(json.dumps(rows))
        return
    print(f"{'task':14}{'where':12}{'workers':>8}{'start':>8}{'episodes/s':>12}{'core':>8}{'gain':>7}{'success':>9}")
    for r in rows:
        print(
            f"{r['task']:14}{r['where']:12}{r['workers']:8}{r['start_s']:8.1f}{r['episodes_per_s']:12.2f}"
            f"{r['core_realtime']:8.1f}{r['gain']:7.2f}{r['success']:9.2f}"
        )


if __name__ == "__main__":
    main()
