"""Film a synthetic data set: `ros2 run deft_affordance film_synthetic --root runs/film --clips 40`.

Things of the tasks' kinds that are no task's own, grasped by a simulated human hand, in EPIC-KITCHENS-100's layout with
detections, masks and poses beside it; with --spoilt, also one clip of a cup for each thing that can be wrong with one.
truth.json says what is true; only `compare_labels` reads it. Started again, it goes on where it was stopped, and with
more --clips further.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from itertools import count, islice
from pathlib import Path

import numpy as np

from deft_affordance.data.objects import KINDS, kinds_named
from deft_affordance.data.shards import SETTINGS, DataUnusable, claim
from deft_affordance.data.tabletop import draw_tabletop
from deft_affordance.progress import bar
from deft_affordance.video.film.acts import ACTS
from deft_affordance.video.film.files import truth_of
from deft_affordance.video.film.layouts import add_epic, write_epic_table
from deft_affordance.video.film.spoil import PARTICIPANT, spoil_epic
from deft_affordance.video.film.take import WAYS, Take, film_take
from deft_affordance.video.film.tracked import detections
from deft_affordance.workers import each_done
from deft_core.errors import DeftError
from deft_sim.camera.pinhole import D435_COLOR, Pinhole

TRUTH = "truth.json"
TAKES = "takes"
# Takes of one thing, which its participant has to himself: none is in both training and test.
PER_THING = 2
# Things of a kind that are drawn for a take until one is held.
DRAWS = 8


class NeverHeld(DeftError):
    """No thing that was drawn could be held."""


def pinhole_of(width: int) -> Pinhole:
    """The D435's colour camera at another width, 4:3."""
    return Pinhole(width, width * 3 // 4, D435_COLOR.focal_px * width / D435_COLOR.width)


def film_one(root: Path, number: int, kinds: Sequence[str], seed: int, width: int) -> int:
    """Film and file one take, if it is not there; returns its number. Things of the kinds take turns.

    Raises:
        NeverHeld: nothing of its kind could be held.
    """
    note = root / TAKES / f"{number:05d}.json"
    if note.exists():
        return number
    thing, turn = divmod(number, PER_THING)
    kind = kinds[thing % len(kinds)]
    verb = KINDS[kind].verbs[turn % len(KINDS[kind].verbs)]
    rng = np.random.default_rng([seed, thing, turn])
    take = film_held(kind, verb, pinhole_of(width), np.random.default_rng([seed, thing]), rng, f"clip {number}")
    video = f"{participant(thing)}_{turn + 1:02d}"
    said = str(rng.choice(ACTS[kind].narrations[verb]))
    row = add_epic(root, video, take, detections(take, rng), said, rng)
    save_note(note, [row], {str(row["narration_id"]): truth_of(take) | {"expected": "sample", "kind": kind}})
    return number


def participant(thing: int) -> str:
    """Whose a thing is; the spoilt clips' participant has none."""
    names = (f"P{k:02d}" for k in count(1) if f"P{k:02d}" != PARTICIPANT)
    return next(islice(names, thing, None))


def film_held(
    kind: str, verb: str, pinhole: Pinhole, things: np.random.Generator, rng: np.random.Generator, where: str
) -> Take:
    """Film a thing that no task file names; one that cannot be held gives way to another.

    Args:
        kind, verb: of the thing, and what is done with it.
        pinhole: the camera.
        things: draws what stands there.
        rng: everything else random.
        where: the clip, for messages.

    Raises:
        NeverHeld: of DRAWS of them, none could be held.
    """
    for _ in range(DRAWS):
        take = film_take(kind, draw_tabletop(kind, things), verb, pinhole, rng)
        if take is not None:
            return take
    raise NeverHeld(
        f"{where}: of {DRAWS} things of kind {kind!r} none could be held, each in {WAYS} ways; choose another --seed, "
        "or other --kinds"
    )


def film_spoilt(root: Path, seed: int, width: int) -> None:
    """Film a take and a miss, and file all that can be wrong with one, if they are not there."""
    note = root / TAKES / "spoilt.json"
    if note.exists():
        return
    rng = np.random.default_rng([seed, 1_000_003])
    cup = draw_tabletop("cup", rng)
    take, miss = (film_take("cup", cup, "pick", pinhole_of(width), rng, miss) for miss in (False, True))
    assert take is not None and miss is not None  # cups are filmed whether they are held or not
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


def film(root: Path, clips: int, kinds: Sequence[str], seed: int, width: int, workers: int) -> Iterator[int]:
    """Film all takes; yields each number as it is done."""
    yield from each_done(film_one, [(root, number, kinds, seed, width) for number in range(clips)], workers)


def begin(root: Path, kinds: Sequence[str], seed: int, width: int) -> None:
    """Make the folder this data set's own: its files are called as EPIC-KITCHENS-100's own are.

    Raises:
        DataUnusable: it holds other files, or takes of other kinds, another seed or width.
    """
    ours = (root / SETTINGS).exists() or (root / TAKES).is_dir()
    if root.is_dir() and any(root.iterdir()) and not ours:
        raise DataUnusable(f"{root} holds files that film_synthetic did not make; choose an empty folder")
    claim(root, {"seed": seed, "width": width, "kinds": list(kinds)})


def main(argv: list[str] | None = None) -> None:
    """Film the data set."""
    parser = argparse.ArgumentParser(prog="film_synthetic", description="Film a synthetic data set of human video.")
    parser.add_argument("--root", type=Path, required=True, help="folder, laid out as EPIC-KITCHENS-100's")
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument(
        "--kinds",
        type=kinds_named,
        default=list(KINDS),
        help=f"which kinds take turns, {PER_THING} clips of each thing, with commas between them (default: all)",
    )
    parser.add_argument("--spoilt", action="store_true", help="add a clip of a cup for each thing that can be wrong")
    parser.add_argument("--width", type=int, default=D435_COLOR.width, help="of the videos, pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    args = parser.parse_args(argv)
    if args.clips < 1 or args.workers < 1 or args.width < 160:
        parser.error("--clips and --workers must be at least 1, --width at least 160")
    try:
        begin(args.root, args.kinds, args.seed, args.width)
        filming = film(args.root, args.clips, args.kinds, args.seed, args.width, args.workers)
        for _ in bar(filming, total=args.clips, unit="clip"):
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
