"""The main job's table on in-process twins: prior alone and tuned, train and test, pooled over seeds.

ros2 run deft_experiments main_job --tasks pick_cup,pour_cup --seeds 5 --trials 10 --out DIR --json
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deft_affordance.workers import add_ray_argument
from deft_cem.config import RunConfig
from deft_cem.optimizers import make_optimizer
from deft_cem.policies import make_policy
from deft_cem.runs.facts import Run, read_run
from deft_cem.summary import METHODS, OBJECTS
from deft_core.config import json_options, short_name, validate, whole_name
from deft_core.errors import ConfigError, DeftError
from deft_core.task import available_tasks, load_task
from deft_experiments.intervals import Share
from deft_experiments.jobs import Done, Job, name_of, run_all
from deft_experiments.kept import kept_text, lost
from deft_experiments.results import share_of

# Where the goals of the main job are written down; not something results are bent to.
GOALS = {"train": 0.85, "test": 0.75}


def learning(runs: list[Run]) -> dict[str, float]:
    """Mean reward of the first and of the last ten fine-tuning episodes over runs, and the loop's cost."""
    first, last, overhead = [], [], []
    for run in runs:
        first += [e.reward for e in run.tries[:10]]
        last += [e.reward for e in run.tries[-10:]]
        overhead += [e.timings["overhead"] for e in run.tries]
    p50, p99 = (float(1000.0 * v) for v in np.percentile(overhead, [50, 99]))
    return {
        "first_ten_reward": float(np.mean(first)),
        "last_ten_reward": float(np.mean(last)),
        "overhead_p50_ms": p50,
        "overhead_p99_ms": p99,
    }


def collect(jobs: list[Job], done: list[Done], wall_s: float) -> dict[str, Any]:
    """Pool all runs that finished, task by task."""
    failed = {name_of(d.job): d.error for d in done if d.error}
    report: dict[str, Any] = {"where": "in-process twin", "wall_s": round(wall_s, 1), "failed": failed, "tasks": {}}
    finished: dict[str, list[Run]] = {}
    for job in jobs:
        if name_of(job) in failed:
            continue
        try:
            finished.setdefault(job.config.task, []).append(read_run(job.folder))
        except DeftError as error:
            failed[name_of(job)] = str(error)
    for task, runs in finished.items():
        rows: dict[str, Any] = {}
        for method in METHODS:
            for objects in OBJECTS:
                pooled = sum((share_of(run.evaluation, method, objects) for run in runs), Share(0, 0))
                rows.setdefault(method, {})[objects] = {
                    "success": pooled.value if pooled.trials else None,
                    "interval_95": list(pooled.interval),
                    "successes": pooled.successes,
                    "trials": pooled.trials,
                    "text": str(pooled),
                }
        report["tasks"][task] = {"seeds": len(runs), "success": rows, **learning(runs)}
    return report


def markdown(report: dict[str, Any]) -> str:
    """The report as a table, with the goals beside it."""
    lines = [
        "Success in the twin (in-process), pooled over seeds, Wilson 95 % interval of the trials, which leaves out how "
        "much seeds differ.",
        "",
        "| task | seeds | method | train | test | reward, first ten | last ten |",
        "|---|---|---|---|---|---|---|",
    ]
    for task, entry in report["tasks"].items():
        for method in METHODS:
            row = entry["success"][method]
            first, last = f"{entry['first_ten_reward']:.2f}", f"{entry['last_ten_reward']:.2f}"
            rewards = f"{first} | {last}" if method == "tuned" else " | "
            label = "prior alone" if method == "prior" else "tuned"
            cells = [task, entry["seeds"], label, row["train"]["text"], row["test"]["text"], rewards]
            lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    goals = ", ".join(f"{value:.2f} on {objects}" for objects, value in GOALS.items())
    lines += ["", f"Goal for tuned: {goals}. Wall time {report['wall_s']:.0f} s."]
    lines += [f"Not finished: {name}: {error}" for name, error in report["failed"].items()]
    return "\n".join(lines) + "\n"


def make_jobs(args: argparse.Namespace) -> list[Job]:
    """One job a task and seed.

    Raises:
        ConfigError, OptimizerError, PolicyError: A task, optimiser, policy or option that does not exist.
    """
    for name in ("seeds", "processes"):
        if getattr(args, name) < 1:
            raise ConfigError(f"--{name} {getattr(args, name)}: at least one is needed")
    make_optimizer(args.optimizer, np.random.default_rng(0), args.optimizer_options)
    make_policy(args.policy, args.policy_options)
    names = available_tasks() if args.tasks == "all" else [whole_name(task) for task in args.tasks.split(",")]
    jobs = []
    for task in names:
        load_task(task)
        for seed in range(args.seeds):
            given = {
                "task": task,
                "seed": seed,
                "episodes": args.episodes,
                "trials": args.trials,
                "prior_trials": args.trials if args.prior_trials is None else args.prior_trials,
                "optimizer": args.optimizer,
                "optimizer_options": args.optimizer_options,
                "policy": args.policy,
                "policy_options": args.policy_options,
            }
            config = validate(given, RunConfig, "main_job")
            jobs.append(Job(config, args.out / short_name(task) / f"seed_{seed}", args.prior))
    return jobs


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="main_job", description=__doc__)
    parser.add_argument("--tasks", default="pick_cup,pour_cup", help="names or task files with commas, or all")
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 to this less one")
    parser.add_argument("--episodes", type=int, default=30)
    parser.add_argument("--trials", type=int, default=10, help="evaluation trials on each object")
    parser.add_argument("--prior-trials", type=int, help="with the prior alone; default: as many")
    parser.add_argument("--prior", default="", help="checkpoint; default: the one that ships")
    parser.add_argument("--optimizer", default="cem")
    parser.add_argument("--optimizer-options", type=json_options, default={}, help="JSON")
    parser.add_argument("--policy", default="cvae")
    parser.add_argument("--policy-options", type=json_options, default={}, help="JSON")
    parser.add_argument("--processes", type=int, default=2)
    add_ray_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="a folder a run is kept in, and resumed from")
    parser.add_argument("--json", action="store_true", help="print the report as JSON instead of a table")
    parser.add_argument("--quiet", action="store_true", help="no line an episode")
    return parser.parse_args(arguments)


def _runs(report: Mapping[str, Any]) -> dict[str, int]:
    return {task: entry["seeds"] for task, entry in report["tasks"].items()}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    args = parse(arguments)
    args.out = args.out.expanduser().resolve()
    start = time.perf_counter()

    def say(line: str) -> None:
        if not args.quiet:
            print(line, file=sys.stderr, flush=True)

    path = args.out / "main_job.json"
    try:
        jobs = make_jobs(args)
        args.out.mkdir(parents=True, exist_ok=True)
        done = run_all(jobs, args.processes, say, args.ray)
        report = collect(jobs, done, time.perf_counter() - start)
        missing = lost(path, report, _runs)
        if not missing:
            path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
            path.with_suffix(".md").write_text(markdown(report), encoding="utf-8")
    except (DeftError, OSError) as error:
        print(f"main_job: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"main_job: interrupted; the same command goes on with what is in {args.out}", file=sys.stderr)
        return 130
    print(json.dumps(report, indent=2) if args.json else markdown(report))
    if missing:
        print(f"main_job: {kept_text(path, missing)}", file=sys.stderr)
    return 1 if report["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
