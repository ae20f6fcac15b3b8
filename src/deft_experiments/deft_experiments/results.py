"""What finished runs say of each method and task, as plain data: the content of `tables.json`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deft_cem.errors import RecordError, RecordMismatchError
from deft_cem.plots import running_mean
from deft_cem.store import Episode, RunRecord
from deft_cem.summary import OBJECTS, judged
from deft_core.task import PAPER_TASKS
from deft_experiments.intervals import Share, over_seeds, paired_difference
from deft_experiments.jobs import Job, finished
from deft_experiments.methods import METHODS, PAPER

log = logging.getLogger(__name__)
# Tries over which success is averaged along a run, in figures and for sample efficiency.
WINDOW = 5
# By when a better optimiser should be where CEM ends.
MIDWAY = 15


@dataclass
class Cell:
    """One method on one task: trials pooled over seeds; by seed the tries in order, and the share of its trials."""

    trials: dict[str, Share] = field(default_factory=lambda: dict.fromkeys(OBJECTS, Share(0, 0)))
    rewards: dict[int, list[float]] = field(default_factory=dict)
    successes: dict[int, list[bool]] = field(default_factory=dict)
    shares: dict[int, dict[str, Share]] = field(default_factory=dict)

    @property
    def seeds(self) -> int:
        """Finished runs."""
        return len(self.successes)

    def learning(self) -> tuple[list[float], list[float]]:
        """Mean over seeds of reward and of success, each the mean of the last five tries."""
        return _curve(list(self.rewards.values())), _curve(list(self.successes.values()))


def _curve(runs: Sequence[Sequence[float]]) -> list[float]:
    if not runs or not min(map(len, runs)):
        return []
    length = min(map(len, runs))
    return [float(v) for v in np.mean([running_mean(run[:length], WINDOW) for run in runs], axis=0)]


def read_cell(jobs: Sequence[Job], evaluates: str) -> Cell:
    """Pool the runs of jobs of one method and task that are finished.

    Raises:
        RecordMismatchError: A folder holds another run than its job's.
    """
    cell = Cell()
    for job in jobs:
        seed = job.config.seed
        try:
            if not finished(job):
                continue
            with RunRecord.read(job.folder) as record:
                tries, trials = record.episodes("finetune"), record.episodes("evaluation")
        except RecordMismatchError:
            raise
        except RecordError as error:
            log.warning("%s is left out: %s", job.folder, error)
            continue
        cell.shares[seed] = {objects: share_of(trials, evaluates, objects) for objects in OBJECTS}
        for objects, share in cell.shares[seed].items():
            cell.trials[objects] += share
        cell.rewards[seed] = [e.reward for e in tries]
        cell.successes[seed] = [e.success is True for e in tries]
    return cell


def share_of(trials: Sequence[Episode], method: str, objects: str) -> Share:
    """Successes of a run's trials of one method on one object set; none where one of them could not be judged."""
    found = judged(trials, method, objects)
    return Share(0, 0) if found.rate is None else Share(found.successes, found.trials)


# Of a study, by (method, task).
Cells = dict[tuple[str, str], Cell]


def rows(cells: Cells, not_run: dict[str, dict[str, str]], tasks: Sequence[str]) -> list[dict[str, Any]]:
    """One row a method, task and object set, ours beside the paper's; with the reason where it was not run."""
    found = []
    for name in dict.fromkeys(method for method, _ in cells):
        for task in tasks:
            for position, objects in enumerate(OBJECTS):
                share = cells[name, task].trials[objects]
                paper = PAPER.get(name, {}).get(task)
                found.append(
                    {
                        "method": name,
                        "group": METHODS[name].group,
                        "task": task,
                        "objects": objects,
                        "seeds": cells[name, task].seeds,
                        "successes": share.successes,
                        "trials": share.trials,
                        "success": round(share.value, 4) if share.trials else None,
                        "low_95": round(share.interval[0], 4) if share.trials else None,
                        "high_95": round(share.interval[1], 4) if share.trials else None,
                        "paper": paper[position] if paper else None,
                        "not_run": "" if share.trials else not_run.get(name, {}).get(task, "unfinished"),
                    }
                )
    return found


def means(cells: Cells, name: str, tasks: Sequence[str]) -> dict[str, float | None]:
    """Mean success of a method over tasks, each task counting once; None where a task has no trial."""
    found: dict[str, float | None] = {}
    for objects in OBJECTS:
        values = [cells[name, task].trials[objects] for task in tasks if (name, task) in cells]
        whole = bool(values) and all(share.trials for share in values)
        found[objects] = round(float(np.mean([share.value for share in values])), 4) if whole else None
    return found


def orderings(cells: Cells) -> list[dict[str, Any]]:
    """Whether the paper's orderings hold here: DEFT against each other row of its tables, task by task.

    An ordering `holds` (or is `reversed`) where the 95 % interval of the difference, taken between runs of the same
    seed (`paired_difference`), leaves zero out, else it is `undecided`; of one seed it stays that: `one seed`. Where
    the paper has no difference it says `tie`.
    """
    found = []
    for name, task in cells:
        if name == "deft" or task not in PAPER.get(name, {}) or task not in PAPER["deft"]:
            continue
        for position, objects in enumerate(OBJECTS):
            pairs = same_seeds(cells, "deft", name, task, objects)
            if not pairs:
                continue
            paper = round(PAPER["deft"][task][position] - PAPER[name][task][position], 4)
            d, interval = paired_difference(pairs)
            found.append(
                {
                    "deft_against": name,
                    "task": task,
                    "objects": objects,
                    "paper_difference": paper,
                    "seeds": len(pairs),
                    "difference": round(d, 4),
                    "interval_95": interval,
                    "verdict": _verdict(paper, interval),
                }
            )
    return found


def _verdict(paper: float, interval: Sequence[float] | None) -> str:
    if paper == 0:
        return "tie in the paper"
    if interval is None:
        return "one seed"
    low, high = interval
    sure = 1 if low > 0 else -1 if high < 0 else 0
    return "undecided" if not sure else "holds" if sure == np.sign(paper) else "reversed"


def same_seeds(cells: Cells, name: str, other: str, task: str, objects: str) -> list[tuple[Share, Share]]:
    """Of each seed that two methods both have trials of, in order: what each did."""
    if (name, task) not in cells or (other, task) not in cells:
        return []
    ours, theirs = (
        {seed: of[objects] for seed, of in cells[m, task].shares.items() if of[objects].trials} for m in (name, other)
    )
    return [(ours[seed], theirs[seed]) for seed in sorted(ours.keys() & theirs.keys())]


def efficiency(cells: Cells, names: Sequence[str], tasks: Sequence[str]) -> dict[str, Any]:
    """Success of the tries against their number, mean over tasks, and when each reaches CEM's at the end.

    An optimiser counts where it has a run on every task, and is held against CEM's runs of the same tasks and seeds.
    """
    report: dict[str, Any] = {"window": WINDOW, "tasks": list(tasks), "optimizers": {}}
    for name in names:
        pairs = [[(task, seed) for seed in _shared(cells, name, task)] for task in tasks]
        if not pairs or not all(pairs):
            continue
        length = min(len(cells[m, task].successes[seed]) for row in pairs for task, seed in row for m in (name, "deft"))
        ours, cem = (
            [[running_mean(cells[m, task].successes[seed][:length], WINDOW) for task, seed in row] for row in pairs]
            for m in (name, "deft")
        )
        curve, end = _mean_over_tasks(ours), float(_mean_over_tasks(cem)[-1])
        at = min(MIDWAY, length) - 1
        gains = [
            np.array([run[at] for run in mine]) - [run[-1] for run in his] for mine, his in zip(ours, cem, strict=True)
        ]
        report["optimizers"][name] = {
            "runs": sum(map(len, pairs)),
            "curve": [round(float(v), 4) for v in curve],
            "cem_at_the_end": round(end, 4),
            "reached_at": next((i + 1 for i, v in enumerate(curve) if i + 1 >= WINDOW and v >= end), None),
            "midway": at + 1,
            "midway_less_cem": round(float(np.mean([v.mean() for v in gains])), 4),
            "midway_interval_95": over_seeds(gains),
        }
    return report


def _shared(cells: Cells, name: str, task: str) -> list[int]:
    if ("deft", task) not in cells:
        return []
    return sorted(cells[name, task].successes.keys() & cells["deft", task].successes.keys())


def _mean_over_tasks(runs: Sequence[Sequence[NDArray[np.float64]]]) -> NDArray[np.float64]:
    return np.asarray(np.mean([np.mean(task, axis=0) for task in runs], axis=0))


def known_tasks(available: Sequence[str]) -> list[str]:
    """The paper's nine tasks, and whatever else there is."""
    return [*PAPER_TASKS, *(task for task in available if task not in PAPER_TASKS)]
