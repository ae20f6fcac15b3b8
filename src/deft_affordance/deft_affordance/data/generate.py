"""Make the synthetic data set: `ros2 run deft_affordance generate --out runs/prior_data`.

For each object, drawn at random and never a task's own: find how a human hand holds it for each verb, then photograph
it, with what stands beside it and before any hand comes, in many rooms. Kinds take turns. One shard an object; an
interrupted run goes on with the next object. Which process or machine made a
shard changes nothing in it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

from deft_affordance.data.human_grasps import find_grasps
from deft_affordance.data.instructions import draw_instruction
from deft_affordance.data.objects import KINDS, TURNS, kinds_named
from deft_affordance.data.shards import claim, write_manifest, write_shard
from deft_affordance.data.tabletop import draw_tabletop, in_the_way
from deft_affordance.data.views import Photographer
from deft_affordance.progress import bar
from deft_affordance.workers import add_ray_argument, each_done
from deft_core.errors import DeftError
from deft_core.workcell import load_workcell
from deft_sim.human.scene import HumanStage


def generate_object(
    index: int, kind: str, seed: int, views: int, tries: int, image_size: int
) -> tuple[list[dict[str, object]], dict[str, int]]:
    """Samples of one object (a function of its arguments alone), and how many grasps were sought and found."""
    rng, how = np.random.default_rng([seed, index]), KINDS[kind]
    tabletop = draw_tabletop(kind, rng)
    stage = HumanStage(tabletop.drawn.target, others=in_the_way(tabletop.drawn))
    counts = {"sought": 0, "found": 0, "unseen": 0}
    rows: list[dict[str, object]] = []
    camera = load_workcell("twin").camera.T_base_camera
    # One way for each object, so that a picture has one label; but where the hand does not turn with the thing, a way
    # belongs to one yaw.
    keep = 4 if how.turn == "stays" else 1
    with Photographer(tabletop, how, camera, image_size) as photographer:
        for verb in how.verbs:
            counts["sought"] += 1
            grasps = find_grasps(stage, kind, verb, rng, tries, keep, tabletop.poses)
            if not grasps:
                continue
            counts["found"] += 1
            for view in range(views):
                sample = photographer.shoot(grasps[view % len(grasps)], rng)
                if sample is None:
                    counts["unseen"] += 1
                    continue
                said = {"text": draw_instruction(verb, kind, rng), "verb": verb, "kind": kind, "object": index}
                rows.append(vars(sample) | said)
    return rows, {f"{name} {kind}": count for name, count in counts.items()}


def make_shard(out: Path, index: int, kinds: Sequence[str], seed: int, views: int, tries: int, image_size: int) -> int:
    """Make one object's shard, if it is not there yet; returns the object's number."""
    if not (out / f"shard-{index:05d}.npz").exists():
        rows, counts = generate_object(index, kinds[index % len(kinds)], seed, views, tries, image_size)
        if rows:
            write_shard(out, index, rows, counts)
    return index


def make_shards(args: argparse.Namespace) -> Iterator[int]:
    """Make all shards, here or in worker processes; yields each object's number as it is done."""
    settings = (args.kinds, args.seed, args.views, args.tries, args.image_size)
    jobs = [(args.out.resolve(), index, *settings) for index in range(args.objects)]
    yield from each_done(make_shard, jobs, args.workers, args.ray)


def main(argv: list[str] | None = None) -> None:
    """Generate the data set."""
    parser = argparse.ArgumentParser(prog="generate", description="Make the prior's synthetic data set.")
    parser.add_argument("--out", type=Path, required=True, help="folder of shards")
    parser.add_argument("--objects", type=int, default=540, help="of all kinds together, which take turns")
    parser.add_argument(
        "--kinds",
        type=kinds_named,
        default=list(TURNS),
        help="which kinds take turns, with commas between them (default: all, cups twice, since they serve two verbs)",
    )
    parser.add_argument("--views", type=int, default=12, help="pictures of each object for each verb")
    parser.add_argument("--tries", type=int, default=16, help="ways of grasping tried for each object and verb")
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    add_ray_argument(parser)
    args = parser.parse_args(argv)
    if args.workers < 1:
        parser.error(f"argument --workers: {args.workers} is less than 1")
    settings = {name: value for name, value in vars(args).items() if name not in ("out", "workers", "ray")}
    started = time.monotonic()
    try:
        claim(args.out, settings, may_differ=("objects",))
        for _ in bar(make_shards(args), total=args.objects, unit="object"):
            pass
        total = write_manifest(args.out, settings)
    except (DeftError, OSError) as error:
        sys.exit(f"generate: {error}")
    except BrokenProcessPool:
        sys.exit("generate: a worker died (out of memory?); run again with fewer --workers: what is finished stays")
    except KeyboardInterrupt:
        sys.exit("generate: stopped; run again to go on")
    found, sought = (sum(n for key, n in total.items() if key.startswith(name)) for name in ("found", "sought"))
    print(
        f"{args.out}: {total['samples']} samples; grasps found for {found} of {sought} objects and verbs; "
        f"{time.monotonic() - started:.0f} s"
    )


if __name__ == "__main__":
    main()
