"""How a robot's hand comes to a person's hold: by anatomical angles and our fingertip match, or by dex-retargeting.

    python benchmarks/retargeting.py [--tasks all] [--scenes 20] [--json]

The holds are those that the shipped prior predicts on the twin's table, train and test objects in turn. Reported for
each way: how far the robot's fingertips are from the person's, how far off the thumb's opposition to each finger is
(both the mean over four fingers, or three, in millimetres), milliseconds a hold, and how often the grasp does the task
with no fine-tuning. Wraps are seated in the palm by both; there the ways differ less than they do in a pinch.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
from tqdm import tqdm

from deft_affordance.fingertips import human_fingers
from deft_affordance.placing import RETARGETING, TipMatcher, tip_matcher
from deft_affordance.predictor import AffordancePredictor
from deft_core.errors import PerceptionRefused
from deft_core.motion import episode_motion
from deft_core.task import available_tasks
from deft_core.workcell import scene_seed
from deft_experiments.intervals import Share
from deft_experiments.twins import Twin


def shape(twin: Twin, tips: TipMatcher, mano: np.ndarray) -> dict[str, float]:
    """How one hold's fingertips come out, metres and seconds."""
    hand, goal = twin.bench.hand, human_fingers(mano)[:, 3]
    start = time.perf_counter()
    shift, joints = tips(mano)
    took = time.perf_counter() - start
    found = hand.finger_points(joints)[:, 3] + shift
    opposition = (found[:3] - found[3]) - (goal[:3] - goal[3])
    return {
        "tips_mm": 1e3 * float(np.linalg.norm(found - goal, axis=1).mean()),
        "opposition_mm": 1e3 * float(np.linalg.norm(opposition, axis=1).mean()),
        "ms": 1e3 * took,
    }


def compare(task: str, scenes: int, bar: Any) -> dict[str, Any]:
    """Both ways on the same scenes of one task."""
    twin = Twin(task, 0)
    bench, workcell = twin.bench, twin.workcell
    out: dict[str, Any] = {"task": task}
    for way in RETARGETING:
        predictor = AffordancePredictor(hand=bench.hand, settings=bench.predictor.settings, retargeting=way)
        tips = tip_matcher(way, bench.hand)
        shapes, successes, tries = [], 0, 0
        for k in range(scenes):
            objects = ("train", "test")[k % 2]
            workcell.reset(objects, scene_seed(0, "evaluate", objects, k))
            bar.update()
            try:
                affordance = predictor.predict(workcell.look(), bench.task.instruction)
            except PerceptionRefused:
                continue
            shapes.append(shape(twin, tips, affordance.mano_pose))
            motion = episode_motion(
                affordance.prior, bench.demonstration, bench.hand, predictor.contact_in_wrist, bench.cell
            )
            fault = workcell.execute(motion).fault
            successes += bool(not fault and workcell.verdict().success)
            tries += 1
        share = Share(successes, tries)
        out[way] = {key: round(float(np.median([s[key] for s in shapes])), 2) for key in shapes[0]}
        out[way] |= {"success": round(share.value, 3), "success_95": [round(v, 3) for v in share.interval], "n": tries}
    return out


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default="all", help="with commas, or all")
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    tasks = available_tasks() if args.tasks == "all" else args.tasks.split(",")
    with tqdm(total=len(tasks) * args.scenes * len(RETARGETING), unit="scene") as bar:
        rows = [compare(task, args.scenes, bar) for task in tasks]
    if args.json:
        print(json.dumps(rows))
        return
    for row in rows:
        for way in RETARGETING:
            told = row[way]
            print(
                f"{row['task']:14s} {way:10s} tips {told['tips_mm']:5.1f} mm, opposition {told['opposition_mm']:5.1f} "
                f"mm, {told['ms']:6.1f} ms, success {told['success']:.2f} {told['success_95']} of {told['n']}"
            )


if __name__ == "__main__":
    main()
