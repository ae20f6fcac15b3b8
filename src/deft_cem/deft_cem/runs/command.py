"""Look at runs: `ros2 run deft_cem runs list | show | compare | plot | export`.

    runs list [FOLDER ...]                      every run below (default: runs)
    runs show RUN [--episodes] [--json]         configuration, versions, hashes, results; each episode
    runs compare RUN RUN ...                    what differs in their making, and what came of it
    runs plot RUN [RUN ...] --out FILE.png      learning curve; of several runs their means
    runs export RUN [RUN ...] --out DIR         LeRobot data set v3.0 (--csv: one CSV file instead)
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from deft_cem.errors import RecordError
from deft_cem.optimizers import make_optimizer
from deft_cem.plots import learning_curve, mean_curves
from deft_cem.runs.facts import Run, columns, compare_text, find_runs, list_rows, read_run, show_text
from deft_cem.store.episode import Episode
from deft_cem.summary import METHODS, OBJECTS
from deft_core.errors import DeftError, OutputError
from deft_core.files import check_new_file
from deft_core.grasp import PARAMETER_NAMES

PLAIN = (
    "phase", "objects", "method", "index", "scene_seed", "reward", "rater", "success", "success_source", "fault", "note"
)  # fmt: skip


def _list(args: argparse.Namespace) -> str:
    """One damaged run, or one of a newer version, hides none of the others."""
    runs, unreadable = [], []
    folders = find_runs(args.folders or [Path("runs")])
    for folder in folders:
        try:
            runs.append(read_run(folder))
        except DeftError as error:
            unreadable.append(f"{folder}  unreadable: {' '.join(str(error).split())}")
    text = "\n".join([columns(list_rows(runs)), *unreadable])
    if not unreadable:
        return text
    print(text)
    raise RecordError(f"{len(unreadable)} of {len(folders)} runs cannot be read")


def _show(args: argparse.Namespace) -> str:
    run = read_run(args.run)
    if not args.json:
        return show_text(run, args.episodes)
    content = {
        "run_id": run.info.run_id,
        "state": run.state,
        "identity": run.info.identity,
        "versions": run.info.versions,
        "success": {m: {o: run.rate(m, o) for o in OBJECTS} for m in METHODS},
        "policy": run.policy,
        "events": run.events,
        "episodes": [plain_row(e) for e in run.tries + run.evaluation],
    }
    return json.dumps(content, indent=2)


def _compare(args: argparse.Namespace) -> str:
    return compare_text([read_run(folder) for folder in args.runs])


def _plot(args: argparse.Namespace) -> str:
    if args.out.suffix.lower() != ".png":
        raise OutputError(f"{args.out}: a picture is written as PNG; give --out a name that ends in .png")
    check_new_file(args.out)
    runs = [read_run(folder) for folder in args.runs]
    if len(runs) == 1:
        c = runs[0].config
        optimizer = make_optimizer(c.optimizer, c.generator("optimizer"), c.optimizer_options)
        warm_up = getattr(optimizer.config, "warm_up", 0)
        learning_curve(args.out, f"{c.task}, seed {c.seed}, {c.optimizer}", runs[0].tries, warm_up)
    else:
        groups: dict[str, list[Sequence[Episode]]] = {}
        for run in runs:
            groups.setdefault(f"{run.config.task}, {run.config.optimizer}, {run.config.reward}", []).append(run.tries)
        mean_curves(args.out, "reward against episode", groups)
    return str(args.out)


def _export(args: argparse.Namespace) -> str:
    # A run named twice, or its copy, is exported once; the same configuration run again began at another time.
    found = [read_run(folder) for folder in args.runs]
    runs = list({(run.info.run_id, run.info.started_at): run for run in found}.values())
    if args.csv:
        return write_csv(runs, args.out)
    try:
        from deft_cem.runs.lerobot import export_lerobot
    except ImportError as error:
        raise RecordError(f"the LeRobot format needs pyarrow ({error}); pip install pyarrow, or use --csv") from None

    info = export_lerobot(runs, args.out)
    return f"{args.out}: {info['total_episodes']} episodes, LeRobot {info['codebase_version']}"


def plain_row(e: Episode) -> dict[str, object]:
    """An episode's scalars."""
    return {name: getattr(e, name) for name in PLAIN} | {f"{k}_s": v for k, v in e.timings.items()}


def write_csv(runs: Sequence[Run], out: Path) -> str:
    """Write episodes as one CSV file, a row each; returns what was written."""
    rows = []
    for run in runs:
        for e in run.tries + run.evaluation:
            vectors = {
                f"{kind}_{name}": float(value)
                for kind in ("prior", "residual", "executed")
                for name, value in zip(PARAMETER_NAMES, getattr(e, kind), strict=True)
            }
            rows.append({"run_id": run.info.run_id, "task": run.config.task} | plain_row(e) | vectors)
    if not rows:
        raise RecordError("the runs have no finished episode to export")
    check_new_file(out)
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
    return f"{out}: {len(rows)} episodes"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="runs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="list | show | compare | plot | export")
    listed = commands.add_parser("list", help="every run below folders")
    listed.add_argument("folders", type=Path, nargs="*")
    listed.set_defaults(do=_list)
    show = commands.add_parser("show", help="all about one run")
    show.add_argument("run", type=Path)
    show.add_argument("--episodes", action="store_true", help="a line an episode")
    show.add_argument("--json", action="store_true")
    show.set_defaults(do=_show)
    for name, do, text in (
        ("compare", _compare, "runs side by side"),
        ("plot", _plot, "learning curves as PNG"),
        ("export", _export, "episodes for other programs"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("runs", type=Path, nargs="+")
        command.set_defaults(do=do)
        if name != "compare":
            command.add_argument("--out", type=Path, required=True)
        if name == "export":
            command.add_argument("--csv", action="store_true", help="one CSV file instead of a LeRobot data set")
    args = parser.parse_args(arguments)
    try:
        print(args.do(args))
    except (DeftError, OSError) as error:
        print(f"runs: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
