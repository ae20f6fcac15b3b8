"""Build training samples from human video.

    ros2 run deft_affordance build_dataset --source epic --root EPIC-KITCHENS --masks DETIC --poses FRANKMOCAP \\
        --mano-mean hands_mean.npy --out runs/epic

Give --source and --root once for each data set. Shards, manifest and a page of examples are written to --out, for
`train --data`. Started again, it goes on where it was stopped; done again, it changes nothing, unless a file was
mended since that a clip was turned down for, or a film has come.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path

from deft_affordance.progress import bar
from deft_affordance.video.build import CLIPS_PER_SHARD, Source, complain, first, plan, read_clips, run_all
from deft_affordance.video.choose import Choice
from deft_affordance.video.errors import Reason
from deft_affordance.video.filters import Filters
from deft_affordance.video.label import Labelling
from deft_affordance.video.page import write_page
from deft_affordance.video.store import Outcome, finish, prepare
from deft_affordance.workers import add_ray_argument
from deft_core.errors import DeftError

SOURCES = ("ego4d", "epic", "hoi4d", "synthetic")


def part(text: str) -> tuple[int, int]:
    """Read I/N, I from 1 to N."""
    first, _, last = text.partition("/")
    if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N with I from 1 to N, as in 2/8")
    return int(first), int(last)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="build_dataset", description="Build training samples from human video.")
    parser.add_argument("--source", action="append", choices=SOURCES, required=True, help="data set; may be repeated")
    parser.add_argument("--root", action="append", type=Path, required=True, help="its folder, in the same order")
    parser.add_argument("--out", type=Path, required=True, help="folder of shards")
    labels = parser.add_argument_group("where labels come from (default: what the data set itself brings)")
    labels.add_argument("--hands", type=Path, help="100DOH --det_dir files, one folder a video")
    labels.add_argument(
        "--landmarker", type=Path, help="MediaPipe hand_landmarker.task, instead of --hands; ego4d only"
    )
    labels.add_argument("--masks", type=Path, help="Detic coco_instances_results.json, one folder a video")
    labels.add_argument("--sam", type=Path, help="Segment Anything checkpoint, instead of --masks")
    labels.add_argument("--poses", type=Path, help="FrankMocap's files, a folder a video; or <video>.npz tracks")
    labels.add_argument("--mano-mean", type=Path, help=".npy of MANO's mean hand (45), for --poses")
    labels.add_argument("--first-image", type=int, default=1, help="number of the image of frame 0 in these files")
    labels.add_argument("--no-depth", action="store_true", help="leave depth out where the data set has it")
    how = parser.add_argument_group("how clips are chosen and labelled")
    how.add_argument("--image-size", type=int, default=224, help="side of the crops (224: config paper, 96: twin)")
    how.add_argument("--settle", type=float, default=0.0, help="seconds from first contact to the labels (paper: 0)")
    how.add_argument("--min-seconds", type=float, default=Filters.min_seconds)
    how.add_argument("--max-seconds", type=float, default=Filters.max_seconds)
    how.add_argument("--limit", type=int, help="stop after this many clips that pass the filters, with a film")
    run = parser.add_argument_group("how it runs")
    run.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    add_ray_argument(run)
    run.add_argument("--part", type=part, help="I/N: of N machines on one --out, this is the I-th; then run without")
    run.add_argument("--clips-per-shard", type=int, default=CLIPS_PER_SHARD)
    run.add_argument("--replace", action="store_true", help="--out may hold a larger build: drop its further shards")
    run.add_argument("--examples", type=int, default=24, help="clips drawn on the page of examples")
    run.add_argument("--complaints", type=int, default=40, help="rejected clips told one by one (manifest: all)")
    args = parser.parse_args(argv)
    if len(args.source) != len(args.root):
        parser.error(f"{len(args.source)} --source and {len(args.root)} --root: give one of each a data set")
    if len(set(args.source)) != len(args.source):
        parser.error("each --source may be given once")
    if args.landmarker and (others := [name for name in args.source if name != "ego4d"]):
        # Else every clip would be turned down, after all its frames were looked at.
        parser.error(
            f"argument --landmarker: it sees hands, not what they touch, which Ego4D's annotators say and those of "
            f"{', '.join(others)} do not: build ego4d by itself, the others without (they bring detections)"
        )
    for name in ("workers", "clips_per_shard", "image_size", "limit"):
        if (value := getattr(args, name)) is not None and value < 1:
            parser.error(f"argument --{name.replace('_', '-')}: {value} is less than 1")
    if not 0.0 <= args.settle < math.inf:
        parser.error(f"argument --settle: {args.settle:g} is no time: seconds, 0 or more")
    return args


def build(args: argparse.Namespace) -> dict[str, object] | None:
    """Build; returns the manifest, None where only a part was built. Raises DeftError, OSError."""
    sources = [Source(name, root) for name, root in zip(args.source, args.root, strict=True)]
    for source in sources:
        source.check()
    choice = Choice(
        args.hands, args.landmarker, args.masks, args.sam, args.poses, args.mano_mean, args.first_image,
        not args.no_depth,
    )  # fmt: skip
    how = Labelling(args.image_size, args.settle)
    filters = Filters(args.min_seconds, args.max_seconds)
    # Made here too, so that a missing file is said before hours of work.
    detectors = {source.name: choice.detectors(source.name, source.root).sources() for source in sources}
    clips, rejected = read_clips(sources, filters)
    if args.limit is not None:
        clips = first(clips, args.limit)
    jobs = plan(clips, sources, choice, how, args.out, detectors, args.clips_per_shard)
    prepare(args.out, len(jobs), args.replace)
    if args.part:
        jobs = jobs[args.part[0] - 1 :: args.part[1]]
    outcomes: dict[int, tuple[Outcome, ...]] = {}
    seconds: Counter[str] = Counter()
    shown = labelled = 0
    with bar(total=sum(len(job.clips) for job in jobs), unit="clip") as counted:
        for done in run_all(jobs, min(args.workers, max(1, len(jobs))), args.ray):
            outcomes[done.index] = done.outcomes
            seconds.update(done.seconds)
            labelled += 0 if done.kept else sum(outcome.reason != Reason.NO_VIDEO for outcome in done.outcomes)
            shown = complain(done, shown, args.complaints)
            counted.update(len(done.outcomes))
    if labelled:
        told = ", ".join(f"{name} {1000 * s / labelled:.1f}" for name, s in seconds.most_common())
        total = seconds.total()
        print(f"{labelled} clips labelled at {labelled / max(total, 1e-9):.1f} a second and core; ms a clip: {told}")
    if args.part:
        return None
    made = [outcome for index in sorted(outcomes) for outcome in outcomes[index]]
    settings = {"sources": args.source, "labelling": asdict(how), "filters": asdict(filters) | {
        "verbs_file": filters.verbs_file.name}, "clips_per_shard": args.clips_per_shard}  # fmt: skip
    manifest = finish(args.out, len(jobs), settings, made, rejected, detectors)
    accepted = {(outcome.source, outcome.clip_id) for outcome in made if outcome.reason is None}
    if labelled or not (args.out / "examples.html").exists():
        write_page(args.out, jobs, accepted, args.examples, seed=0)
    return manifest


def main(argv: list[str] | None = None) -> None:
    """Build the data set and say what came of it."""
    args = parse(argv)
    started = time.monotonic()
    try:
        manifest = build(args)
    except (DeftError, OSError) as error:
        sys.exit(f"build_dataset: {error}")
    except (BrokenProcessPool, MemoryError) as error:
        why = "out of memory" if isinstance(error, MemoryError) else "a worker died (out of memory?)"
        sys.exit(f"build_dataset: {why}; run again with fewer --workers: finished shards stay")
    except KeyboardInterrupt:
        sys.exit("build_dataset: stopped; run again to go on")
    if manifest is None:
        print(f"{args.out}: part {args.part[0]} of {args.part[1]} is built; when all are, run without --part")
        return
    counts = dict(manifest["counts"])  # type: ignore[call-overload]
    samples, clips = counts.pop("samples"), counts.pop("clips")
    why = json.dumps(counts) if counts else "none"
    print(f"{args.out}: {samples} samples of {clips} clips; rejected: {why}; {time.monotonic() - started:.0f} s")
    if not samples:
        sys.exit("build_dataset: no clip gave a sample; manifest.json says why, clip by clip")


if __name__ == "__main__":
    main()
