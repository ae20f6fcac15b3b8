"""Film a synthetic data set: `ros2 run deft_affordance film_synthetic --root runs/film --clips 40`.

Cups that are no task's own, grasped by a simulated human hand, in EPIC-KITCHENS-100's layout with detections, masks and
poses beside it; with --spoilt, also one clip for each thing that can be wrong with one. truth.json says what is true;
only `compare_labels` reads it. Started again, it goes on where it was stopped, and with more --clips further.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

from deft_affordance.data.draws import draw_cup
from deft_affordance.data.likeness import TaskObjectRefused, refuse_task_object
from deft_affordance.data.shards import SETTINGS, DataUnusable, claim
from deft_affordance.progress import bar
from deft_affordance.video.film.files import truth_of
from deft_affordance.video.film.layouts import add_epic, write_epic_table
from deft_affordance.video.film.spoil import spoil_epic
from deft_affordance.video.film.take import film_take
from deft_affordance.video.film.tracked import detections
from deft_affordance.workers import each_done
from deft_core.errors import DeftError
from deft_sim.camera.pinhole import D435_COLOR, Pinhole
from deft_sim.things.cup import Cup

TRUTH = "truth.json"
TAKES = "takes"
# Takes of one cup, which its participant has to himself: no cup is in both training and test.
PER_CUP = 2
NARRATIONS = {"pick": ("pick up cup", "take cup", "lift cup", "grab mug"), "pour": ("pour from cup", "empty cup")}


def draw_film_cup(rng: np.random.Generator) -> Cup:
    """A cup that no task file names."""
    while True:
        cup = draw_cup(rng).target
        try:
            refuse_task_object(cup)
        except TaskObjectRefused:
            continue
        assert isinstance(cup, Cup)
        return cup


def pinhole_of(width: int) -> Pinhole:
    """The D435's colour camera at another width, 4:3."""
    return Pinhole(width, width * 3 // 4, D435_COLOR.focal_px * width / D435_COLOR.width)


def film_one(root: Path, number: int, seed: int, width: int) -> int:
    """Film and file one take, if it is not there; returns its number."""
    note = root / TAKES / f"{number:05d}.json"
    if note.exists():
        return number
    cup = draw_film_cup(np.random.default_rng([seed, number // PER_CUP]))
    rng = np.random.default_rng([seed, number // PER_CUP, number % PER_CUP])
    verb = ("pick", "pour")[number % PER_CUP]
    take = film_take(cup, verb, pinhole_of(width), rng)
    video = f"P{number // PER_CUP + 1:02d}_{number % PER_CUP + 1:02d}"
    row = add_epic(root, video, take, detections(take, rng), str(rng.choice(NARRATIONS[verb])), rng)
    save_note(note, [row], {str(row["narration_id"]): truth_of(take) | {"expected": "sample"}})
    return number


def film_spoilt(root: Path, seed: int, width: int) -> None:
    """Film a take and a miss, and file all that can be wrong with one, if they are not there."""
    note = root / TAKES / "spoilt.json"
    if note.exists():
        return
    rng = np.random.default_rng([seed, 1_000_003])
    cup = draw_film_cup(rng)
    take, miss = (film_take(cup, "pick", pinhole_of(width), rng, miss) for miss in (False, True))
    rows, expected = spoil_epic(root, take, miss, rng)
    save_note(note, rows, {clip: {"expected": reason.value} for clip, reason in expected.items()})


def save_note(path: Path, rows: list[dict[str, object]], truth: dict[str, dict[str, object]]) -> None:
    """Keep what the annotation table and truth.json will say of a take; written last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"rows": rows, "truth": truth}), encoding="utf-8")
    part.replace(path)


def write_tables(root: Path) -> int:
    """Write annotation table and truth of all takes there are; returns how many clips."""
    rows: list[dict[str, object]] = []
    truth: dict[str, object] = {}
    for path in sorted((root / TAKES).glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        rows += content["rows"]
        truth |= content["truth"]
    write_epic_table(root, rows)
    (root / TRUTH).write_text(json.dumps(truth) + "\n", encoding="utf-8")
    return len(rows)


def film(root: Path, clips: int, seed: int, width: int, workers: int) -> Iterator[int]:
    """Film all takes; yields each number as it is done."""
    yield from each_done(film_one, [(root, number, seed, width) for number in range(clips)], workers)


def begin(root: Path, seed: int, width: int) -> None:
    """Make the folder this data set's own: its files are called as EPIC-KITCHENS-100's own are.

    Raises:
        DataUnusable: it holds other files, or takes of another seed or width.
    """
    ours = (root / SETTINGS).exists() or (root / TAKES).is_dir()
    if root.is_dir() and any(root.iterdir()) and not ours:
        raise DataUnusable(f"{root} holds files that film_synthetic did not make; choose an empty folder")
    claim(root, {"seed": seed, "width": width})


def main(argv: list[str] | None = None) -> None:
    """Film the data set."""
    parser = argparse.ArgumentParser(prog="film_synthetic", description="Film a synthetic data set of human video.")
    parser.add_argument("--root", type=Path, required=True, help="folder, laid out as EPIC-KITCHENS-100's")
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--spoilt", action="store_true", help="add a clip for each thing that can be wrong with one")
    parser.add_argument("--width", type=int, default=D435_COLOR.width, help="of the videos, pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    args = parser.parse_args(argv)
    if args.clips < 1 or args.workers < 1 or args.width < 160:
        parser.error("--clips and --workers must be at least 1, --width at least 160")
    try:
        begin(args.root, args.seed, args.width)
        for _ in bar(film(args.root, args.clips, args.seed, args.width, args.workers), total=args.clips, unit="clip"):
            pass
        if args.spoilt:
            film_spoilt(args.root, args.seed, args.width)
        total = write_tables(args.root)
    except (DeftError, OSError) as error:
        sys.exit(f"film_synthetic: {error}")
    except BrokenProcessPool:
        sys.exit("film_synthetic: a worker died (out of memory?); run again with fewer --workers")
    except KeyboardInterrupt:
        sys.exit("film_synthetic: stopped; run again to go on")
    print(f"{args.root}: {total} clips; build them with: ros2 run deft_affordance build_dataset --source synthetic "
          f"--root {args.root} --out runs/built")  # fmt: skip


if __name__ == "__main__":
    main()
