"""Among other things on the table, does the prior touch the one that the instruction means?

    python benchmarks/naming.py [--tasks all] [--scenes 20] [--json]

Scenes of `workcell:=cluttered`, on each task's train and test object: any number of distractors stand beside it. A
contact counts for the thing of whose parts' middles one is nearest to it. Beside the prior's own naming stands what
needs none: taking what fills most of the image.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from tqdm import tqdm

from deft_affordance.predictor import AffordancePredictor
from deft_core.errors import PerceptionRefused
from deft_core.geometry import Array
from deft_core.task import available_tasks, load_task
from deft_core.workcell import load_workcell, scene_seed
from deft_experiments.intervals import Share
from deft_sim.distractors import NAME as DISTRACTOR
from deft_sim.workcell import TwinWorkcell
from deft_sim.world import World

WAYS = ("by name", "largest")


def nearest_thing(world: World, point: Array) -> str:
    """Name of the thing one of whose parts has its middle nearest to a point (3,) in base_link."""
    roots = {int(world.model.body_rootid[world.model.body(name).id]): name for name in world.things}
    owner = world.model.body_rootid[world.model.geom_bodyid]
    off = np.where(np.isin(owner, list(roots)), np.linalg.norm(world.data.geom_xpos - point, axis=1), np.inf)
    return roots[int(owner[off.argmin()])]


def touched(task_name: str, scenes: int, predictors: dict[str, AffordancePredictor], bar: tqdm) -> dict[str, Share]:
    """How often, of scenes of both objects, the contact is on what the task means; refusals count against it."""
    task = load_task(task_name)
    workcell = TwinWorkcell(task, load_workcell("cluttered"), 0)
    right = dict.fromkeys(WAYS, 0)
    for objects in ("train", "test"):
        for k in range(scenes):
            workcell.reset(objects, scene_seed(0, "evaluate", objects, k))
            frame, world = workcell.look(), workcell.world
            for way, predictor in predictors.items():
                try:
                    contact = predictor.predict(frame, task.instruction).contacts_base.mean(axis=0)
                except PerceptionRefused:
                    continue
                right[way] += not nearest_thing(world, contact).startswith(DISTRACTOR)
            bar.update()
    workcell.close()
    return {way: Share(right[way], 2 * scenes) for way in WAYS}


def main() -> None:
    """Print a line a task and the sums."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", default="all", help="comma-separated, or all")
    parser.add_argument("--scenes", type=int, default=20, help="of each object")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    tasks = available_tasks() if args.tasks == "all" else args.tasks.split(",")
    predictors = {way: AffordancePredictor() for way in WAYS}
    predictors["largest"].prior.naming = None
    sums, out = dict.fromkeys(WAYS, Share(0, 0)), {}
    with tqdm(total=2 * args.scenes * len(tasks), unit="scene", disable=None) as bar:
        for task in tasks:
            out[task] = touched(task, args.scenes, predictors, bar)
            sums = {way: sums[way] + out[task][way] for way in WAYS}
    out["all"] = sums
    if args.json:
        print(json.dumps({name: {way: vars(share) for way, share in row.items()} for name, row in out.items()}))
        return
    print(f"{'':14}" + "".join(f"{way:>28}" for way in WAYS))
    for name, row in out.items():
        cells = (f"{s.successes}/{s.trials} [{s.interval[0]:.2f}, {s.interval[1]:.2f}]" for s in row.values())
        print(f"{name:14}" + "".join(f"{cell:>28}" for cell in cells))


if __name__ == "__main__":
    main()
