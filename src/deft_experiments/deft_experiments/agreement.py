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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deft_cem.config import RunConfig
from deft_cem.errors import RecordError
from deft_cem.store import Episode, RunInfo, RunRecord
from deft_cem.store.record import differences
from deft_core.config import validate
from deft_core.errors import DeftError, PerceptionRefused
from deft_core.grasp import GraspParameters
from deft_core.motion import episode_motion
from deft_core.workcell import lasting
from deft_experiments.intervals import Share
from deft_experiments.setups import CLUTTER, Setup
from deft_experiments.twins import Twin
from deft_vision.errors import VisionError


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


def _twin_like(cell: Mapping[str, Any]) -> str:
    return CLUTTER if cell.get("name") == CLUTTER else Setup().workcell


def unlike(run: RunInfo, twin: Twin) -> str:
    """What a run was made with that a twin is not made with; empty where a try is the same in both."""
    cell = twin.bench.cell
    recorded = {"hand": run.identity["hand"]} | run.identity["hashes"] | _of_workcell(run.config)
    return differences(recorded, {"hand": cell.hand.model} | twin.hashes | _of_workcell(cell.model_dump(mode="json")))


def _of_workcell(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {f"workcell {name}": value for name, value in lasting(cell).items()}


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
            config = validate(record.info.identity, RunConfig, str(args.run))
            run = record.info
            known = [e for e in record.episodes() if e.success is not None and not e.fault.startswith("no_object")]
        tries = known[: args.count]
        if not tries:
            raise RecordError(f"{args.run} has no finished try to repeat of which success is known")
        twin = Twin(config.task, config.seed, args.prior, Setup(workcell=_twin_like(run.config)))
        try:
            if other := unlike(run, twin):
                raise RecordError(
                    f"{args.run} was made with another prior, demonstration, hand or workcell than the twin that would "
                    f"repeat it ({other}); give --prior the run's own, or repeat it with the code that made it"
                )
            report = compare(tries, twin, args.executed)
        finally:
            twin.close()
    except (DeftError, VisionError) as error:
        print(f"agreement: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report, indent=2) if args.json else "\n".join(f"{k}: {v}" for k, v in report.items()))
    return 0 if abs(report["difference_points"]) <= 10.0 else 1


if __name__ == "__main__":
    sys.exit(main())
