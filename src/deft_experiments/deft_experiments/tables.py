"""The paper's tables 2 and 3 and figure 6, sample efficiency and robustness, in the twin, from one command.

    ros2 run deft_experiments tables --tasks all --methods all --seeds 5 --trials 10 --out DIR

Writes tables.json, tables.md, tables.csv, figure_6.png and efficiency.png into DIR after every run that ends, and keeps
the runs there: the same command goes on where it was stopped. A row whose weights are not here reads "not run".
Only runs of what was asked for are reported, and a report that tells of more runs is left as it is.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from deft_affordance.workers import add_ray_argument
from deft_cem.config import RunConfig, versions
from deft_cem.errors import RecordError, RecordMismatchError
from deft_cem.progress import clock
from deft_cem.raters.embedding import EMBEDDING_RATERS
from deft_core.config import short_name, validate, whole_name
from deft_core.errors import ConfigError, DeftError
from deft_core.task import PAPER_TASKS, available_tasks, load_task
from deft_experiments import report as reports
from deft_experiments.gains import gains
from deft_experiments.jobs import Job, finished, run_all
from deft_experiments.kept import kept_text, lost
from deft_experiments.methods import Method, choose, missing
from deft_experiments.results import Cell, Cells, efficiency, known_tasks, means, orderings, read_cell, rows
from deft_vision.checkpoints import SOURCES
from deft_vision.errors import VisionError

JSON = "tables.json"


class Study:
    """What was asked for, and what of it can be run here."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.out: Path = args.out
        self.methods = choose(args.methods)
        available = available_tasks()
        given = args.tasks.split(",")
        self.tasks = known_tasks(available) if args.tasks == "all" else list(dict.fromkeys(map(whole_name, given)))
        for task in self.tasks:
            if task not in available and task not in PAPER_TASKS:
                load_task(task)  # says which tasks there are
        if len(set(map(short_name, self.tasks))) < len(self.tasks):
            raise ConfigError(f"--tasks {args.tasks}: two are called the same; their runs would share a folder")
        named = [task for task in self.tasks if task == short_name(task)]
        self.missing_tasks = {t: "the task has no demonstration yet" for t in named if t not in available}
        encoders = {"r3m": args.r3m, "resnet18": args.resnet18}
        self.checkpoints: dict[str, Path] = {k: v for k, v in encoders.items() if v is not None}
        # What the report that is there has more runs of than the newest; it was left as it is.
        self.lost: list[str] = []

    def why_not(self, method: Method, task: str) -> str:
        """Why a cell cannot be run; empty where it can."""
        return self.missing_tasks.get(task, "") or missing(method, self.checkpoints)

    def jobs(self) -> list[Job]:
        """One job a run: seeds outermost, so that an early stop leaves whole rows of fewer seeds."""
        made: dict[Path, Job] = {}
        for seed in range(self.args.seeds):
            for task in self.tasks:
                for method in self.methods:
                    for name in filter(None, (method.tries_of, method.runs_of)):
                        other = choose(name)[0]
                        if not self.why_not(other, task):
                            job = self._job(other, task, seed)
                            made.setdefault(job.folder, job)
        return list(made.values())

    def _folder(self, name: str, task: str, seed: int) -> Path:
        return self.out / name / short_name(task) / f"seed_{seed}"

    def _job(self, method: Method, task: str, seed: int) -> Job:
        a = self.args
        given = {
            "task": task,
            "seed": seed,
            "episodes": a.episodes,
            "trials": a.trials,
            # "Affordance model only" is DEFT's own trials with the prior, as many as of the others.
            "prior_trials": a.trials if method.name == "deft" else 0,
        } | method.config
        rater = EMBEDDING_RATERS.keys() & {method.needs} & self.checkpoints.keys()
        checkpoints: dict[str, Path | str] = {name: self.checkpoints[name] for name in rater}
        return Job(
            validate(given, RunConfig, f"method {method.name}"),
            self._folder(method.name, task, seed),
            a.prior,
            replace(method.setup, checkpoints=checkpoints),
            keep_images=a.images,
            tries_of=self._folder(method.tries_of, task, seed) if method.tries_of else None,
            label=f"{method.name}/{short_name(task)}/{seed}",
        )

    def not_run(self) -> list[dict[str, str]]:
        """What cannot be run here, why, and the command that will run it."""
        found = [
            {"what": f"task {task}", "why": why, "command": "Make one with `ros2 run deft_affordance extract_demo`"}
            for task, why in self.missing_tasks.items()
        ]
        for method in self.methods:
            if why := missing(method, self.checkpoints):
                command = f"{self._command(method.name)} --{method.needs} PATH"
                source = f"it comes from {SOURCES[EMBEDDING_RATERS[method.needs]]}"
                found.append({"what": method.title, "why": f"{why}; {source}", "command": f"Then: `{command}`"})
        return found

    def _command(self, methods: str) -> str:
        a = self.args
        given = {"tasks": a.tasks, "methods": methods, "seeds": a.seeds, "trials": a.trials, "episodes": a.episodes}
        flags = " ".join(f"--{k} {shlex.quote(str(v))}" for k, v in given.items())
        return f"ros2 run deft_experiments tables {flags} --out {shlex.quote(str(self.out))}"

    def report(self, wall_s: float, failed: dict[str, str]) -> tuple[dict[str, Any], Cells]:
        """Everything that is finished, as plain data."""
        methods = list(self.methods)
        cells = {(m.name, task): self._cell(m, task) for m in methods for task in self.tasks}
        why = {m.name: {t: w for t in self.tasks if (w := self.why_not(m, t))} for m in methods}
        run_tasks = [t for t in self.tasks if t not in self.missing_tasks]
        optimizers = [m.name for m in methods if m.name == "deft" or m.group == "optimizer"]
        content: dict[str, Any] = {
            "where": "in-process twin",
            "seeds": self.args.seeds,
            "trials": self.args.trials,
            "episodes": self.args.episodes,
            "prior": self.args.prior or "that ships",
            "tasks": self.tasks,
            "methods": [m.name for m in methods],
            "wall_s": round(wall_s, 1),
            "versions": versions(),
            "rows": rows(cells, why, self.tasks),
            "means": {m.name: means(cells, m.name, run_tasks) for m in methods},
            "gains": gains(cells, optimizers, run_tasks),
            "orderings": orderings(cells),
            "efficiency": efficiency(cells, optimizers, run_tasks),
            "curves": {
                f"{m}/{t}": dict(zip(("reward", "success"), cell.learning(), strict=True))
                for (m, t), cell in cells.items()
                if cell.seeds
            },
            "not_run": self.not_run(),
            "failed": failed,
        }
        return content, cells

    def _cell(self, method: Method, task: str) -> Cell:
        makes = choose(method.runs_of)[0]
        return read_cell([self._job(makes, task, seed) for seed in range(self.args.seeds)], method.evaluates)

    def write(self, wall_s: float, failed: dict[str, str]) -> dict[str, Any]:
        """Write the report into the study's folder, over an older one unless that tells of more runs."""
        content, cells = self.report(wall_s, failed)
        if self.args.report_only and not any(cell.seeds for cell in cells.values()):
            raise ConfigError(f"{self.out} holds no finished run of what was asked for; nothing was written")
        self.lost = lost(self.out / JSON, content, _runs)
        if self.lost:
            return content
        self.out.mkdir(parents=True, exist_ok=True)
        temporary = self.out / f"{JSON}.part"
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        temporary.replace(self.out / JSON)
        (self.out / "tables.md").write_text(reports.markdown(content), encoding="utf-8")
        reports.write_csv(self.out / "tables.csv", content["rows"])
        if any(m.name == "deft" for m in self.methods):
            reports.figure_6(self.out / "figure_6.png", cells, self.tasks)
        if len(content["efficiency"]["optimizers"]) > 1:
            reports.efficiency_figure(self.out / "efficiency.png", content["efficiency"])
        return content

    def wall_before(self) -> float:
        """Seconds that earlier calls of this command took."""
        try:
            return float(json.loads((self.out / JSON).read_text(encoding="utf-8"))["wall_s"])
        except (OSError, ValueError, KeyError):
            return 0.0


def _runs(report: Mapping[str, Any]) -> dict[str, int]:
    return {f"{row['method']}/{row['task']}": row["seeds"] for row in report["rows"]}


def _to_do(job: Job) -> bool:
    try:
        return not finished(job)
    except RecordMismatchError:
        raise
    except RecordError:
        return True  # it is named among those that failed


class Progress:
    """Prints a line a finished run, or a line a try; `ended` is called after each run."""

    def __init__(self, total: int, already: int, every_try: bool, ended: Callable[[], object]) -> None:
        self._total, self._done, self._already = total, already, already
        self._ended = ended
        self._every_try, self._began = every_try, time.monotonic()

    def __call__(self, line: str) -> None:
        """Take a line of a run's progress."""
        name, _, text = line.partition(" ")
        if text.strip().startswith("done in"):
            self._done += 1
            spent = time.monotonic() - self._began
            left = spent / max(self._done - self._already, 1) * (self._total - self._done)
            print(
                f"run {self._done}/{self._total} {name}: {text.strip()}, left {clock(left)}",
                file=sys.stderr,
                flush=True,
            )
        elif self._every_try:
            print(line, file=sys.stderr, flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="tables", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", default="all", help="names with commas, or all")
    parser.add_argument("--methods", default="all", help="names or groups with commas, paper (tables 2 and 3), or all")
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 to this less one")
    parser.add_argument("--trials", type=int, default=10, help="evaluation trials on each object")
    parser.add_argument("--episodes", type=int, default=30, help="fine-tuning tries")
    parser.add_argument("--prior", default="", help="checkpoint; default: the one that ships")
    parser.add_argument("--r3m", type=Path, help="R3M's checkpoint, for its row")
    parser.add_argument("--resnet18", type=Path, help="torchvision's ImageNet ResNet-18, for its row")
    parser.add_argument("--processes", type=int, default=2, help="twins at once, a core each")
    add_ray_argument(parser)
    parser.add_argument("--images", action="store_true", help="keep every capture (100 MB a run)")
    parser.add_argument("--verbose", action="store_true", help="a line a try")
    parser.add_argument("--report-only", action="store_true", help="run nothing; report what is there")
    parser.add_argument("--out", type=Path, required=True, help="folder of the study, resumed if it is there")
    args = parser.parse_args(arguments)
    args.out = args.out.expanduser().resolve()
    return args


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    args = parse(arguments)
    start = time.perf_counter()
    try:
        for name in ("seeds", "processes"):
            if getattr(args, name) < 1:
                raise ConfigError(f"--{name} {getattr(args, name)}: at least one is needed")
        study = Study(args)
        jobs = study.jobs()
        before = study.wall_before()
        todo = [] if args.report_only else [job for job in jobs if _to_do(job)]
        failed: dict[str, str] = {}

        def write() -> dict[str, Any]:
            return study.write(before + time.perf_counter() - start, failed)

        say = Progress(len(jobs), len(jobs) - len(todo), args.verbose, write)
        print(f"{len(jobs)} runs, {len(todo)} to do; folder {args.out}", file=sys.stderr, flush=True)
        try:
            done = run_all(todo, args.processes, say, args.ray) if todo else []
            failed = {d.job.label: d.error for d in done if d.error}
        finally:
            content = write()
    except (DeftError, VisionError, OSError) as error:
        print(f"tables: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"tables: interrupted; the same command goes on with what is in {args.out}", file=sys.stderr)
        return 130
    print(reports.markdown(content))
    if study.lost:
        print(f"tables: {kept_text(study.out / JSON, study.lost)}", file=sys.stderr)
    for name, why in failed.items():
        print(f"tables: {name}: {why}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
