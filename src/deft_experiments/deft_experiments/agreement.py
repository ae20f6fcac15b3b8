"""The same residuals through the node graph and through the in-process twin: how often does each succeed?

    ros2 launch deft finetune.launch.py task:=pick_cup episodes:=50 trials:=0 out:=RUN
    ros2 run deft_experiments agreement RUN --json

Takes the tries of a run made on the graph and makes each again in-process: same scene, same residual, on top of the
prior's own prediction there; `--executed` repeats the very grasp instead, which leaves perception out.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from deft_cem.config import RunConfig
from deft_cem.errors import RecordError
from deft_cem.store import Episode, RunRecord
from deft_core.errors import DeftError, PerceptionRefused
from deft_core.grasp import GraspParameters
from deft_core.motion import episode_motion
from deft_experiments.intervals import Share
from deft_experiments.twins import Twin


def again(twin: Twin, episode: Episode, executed: bool) -> tuple[bool, float, str]:
    """Make one try again; return success, reward and fault."""
    bench = twin.bench
    twin.workcell.reset(episode.objects, episode.scene_seed)
    frame = twin.workcell.look()
    if executed:
        grasp = GraspParameters.from_vector(episode.executed)
    else:
        try:
            grasp = bench.predictor.predict(frame, bench.task.instruction).prior.plus(episode.residual)
        except PerceptionRefused as error:
            return False, 0.0, f"no_object: {error}"
    motion = episode_motion(grasp, bench.demonstration, bench.hand, bench.predictor.contact_in_wrist, bench.cell)
    outcome = twin.workcell.execute(motion)
    if outcome.fault:
        return False, 0.0, outcome.fault
    rating = twin.workcell.rate("judge", frame, frame)
    return bool(rating.success), rating.reward, ""


def compare(tries: list[Episode], twin: Twin, executed: bool) -> dict[str, Any]:
    """Make all tries again and set both worlds side by side."""
    mine = [again(twin, episode, executed) for episode in tries]
    graph = Share(sum(bool(e.success) for e in tries), len(tries))
    process = Share(sum(success for success, _, _ in mine), len(tries))
    rewards = np.array([[e.reward for e in tries], [reward for _, reward, _ in mine]])
    agree = Share(sum(bool(e.success) == m[0] for e, m in zip(tries, mine, strict=True)), len(tries))
    spread = float(np.corrcoef(rewards)[0, 1]) if np.all(rewards.std(axis=1) > 0) else None
    return {
        "tries": len(tries),
        "repeated": "grasp" if executed else "residual",
        "graph": str(graph),
        "in_process": str(process),
        "difference_points": round(100 * (process.value - graph.value), 1),
        "same_verdict": str(agree),
        "mean_reward": [round(float(r), 4) for r in rewards.mean(axis=1)],
        "reward_correlation": spread,
        "faults": {"graph": sum(bool(e.fault) for e in tries), "in_process": sum(bool(f) for _, _, f in mine)},
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 if success agrees within ten points."""
    parser = argparse.ArgumentParser(prog="agreement", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a run made on the graph")
    parser.add_argument("--count", type=int, default=50, help="tries to repeat")
    parser.add_argument("--executed", action="store_true", help="repeat the very grasp, not the residual")
    parser.add_argument("--prior", default="", help="checkpoint; default: the one that ships")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    try:
        with RunRecord.read(args.run) as record:
            config = RunConfig(**record.info.identity)
            tries = [e for e in record.episodes() if not e.fault.startswith("no_object")][: args.count]
        if not tries:
            raise RecordError(f"{args.run} has no finished try to repeat")
        twin = Twin(config.task, config.seed, args.prior)
        try:
            report = compare(tries, twin, args.executed)
        finally:
            twin.close()
    except DeftError as error:
        print(f"agreement: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report, indent=2) if args.json else "\n".join(f"{k}: {v}" for k, v in report.items()))
    return 0 if abs(report["difference_points"]) <= 10.0 else 1


if __name__ == "__main__":
    sys.exit(main())
