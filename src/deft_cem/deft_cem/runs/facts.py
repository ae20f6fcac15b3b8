"""What is known of a run from its record alone, for tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deft_cem.config import RunConfig
from deft_cem.errors import RecordError
from deft_cem.store import Episode, RunInfo, RunRecord
from deft_cem.store.database import DATABASE, holds_run
from deft_cem.summary import METHODS, OBJECTS, judged
from deft_core.config import validate


@dataclass(frozen=True)
class Run:
    """One run, read whole."""

    folder: Path
    info: RunInfo
    config: RunConfig
    tries: list[Episode]
    evaluation: list[Episode]
    policy: dict[str, Any] | None
    events: list[tuple[str, str]]

    @property
    def state(self) -> str:
        """Where it stands: fine-tuning, fit, evaluation or done."""
        total = 2 * (self.config.trials + self.config.prior_trials_each)
        if len(self.tries) < self.config.episodes:
            return f"episode {len(self.tries)}/{self.config.episodes}"
        if self.policy is None:
            return "fit"
        return "done" if len(self.evaluation) >= total else f"trial {len(self.evaluation)}/{total}"

    @property
    def rewards(self) -> np.ndarray:
        """(n,) of the fine-tuning episodes."""
        return np.array([e.reward for e in self.tries])

    def rate(self, method: str, objects: str) -> str:
        """Share of successes, with the number of trials; how many were judged where not all were."""
        return str(judged(self.evaluation, method, objects))


def read_run(folder: Path) -> Run:
    """Read a run; raises RecordError where there is none."""
    with RunRecord.read(folder) as record:
        return Run(
            folder,
            record.info,
            validate(record.info.identity, RunConfig, str(folder)),
            record.episodes("finetune"),
            record.episodes("evaluation"),
            record.policy(),
            record.events(),
        )


def find_runs(paths: Sequence[Path]) -> list[Path]:
    """Folders of runs at or below paths, in the order of their names.

    Raises:
        RecordError: There is none.
    """
    found = {file.parent for path in paths for file in path.rglob(DATABASE) if holds_run(file.parent)}
    if not found:
        raise RecordError(f"no run in {', '.join(map(str, paths))} ({DATABASE} is nowhere below)")
    return sorted(found)


def list_rows(runs: Sequence[Run]) -> list[list[str]]:
    """One row a run, with a heading."""
    rows = [["run", "task", "seed", "optimizer", "policy", "reward", "state", "best", "tuned train", "test", "begun"]]
    for run in runs:
        c = run.config
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.info.started_at))
        best = f"{run.rewards.max():.2f}" if run.tries else "-"
        tuned = [run.rate("tuned", objects) for objects in OBJECTS]
        rows.append(
            [str(run.folder), c.task, str(c.seed), c.optimizer, c.policy, c.reward, run.state, best, *tuned, begun]
        )
    return rows


def show_text(run: Run, episodes: bool) -> str:
    """Everything about a run that fits a screen; its episodes where asked for."""
    lines = [f"{run.info.run_id}  {run.folder}", f"state: {run.state}"]
    for title, values in (("configuration", run.info.identity), ("versions", run.info.versions)):
        lines += [f"{title}:", *(f"  {k}: {v}" for k, v in values.items())]
    if run.policy:
        lines.append(
            f"policy: {run.policy['name']}, {run.policy['sha256'][:12]}, fitted in {run.policy['seconds']:.1f} s"
        )
    if run.tries:
        first, last = run.rewards[:10].mean(), run.rewards[-10:].mean()
        raters = ", ".join(sorted({e.rater for e in run.tries}))
        lines.append(f"reward: first ten {first:.2f}, last ten {last:.2f}, best {run.rewards.max():.2f}; from {raters}")
        sources = sorted({e.success_source or "nobody" for e in run.tries + run.evaluation})
        lines.append(f"success judged by: {', '.join(sources)}")
    lines += [f"{m} {o}: {run.rate(m, o)}" for m in METHODS for o in OBJECTS]
    lines += [f"event: {kind} {text}" for kind, text in run.events]
    if episodes:
        rows = [["phase", "objects", "method", "no", "reward", "rater", "success", "by", "s", "fault or note"]]
        rows += [_episode_row(e) for e in run.tries + run.evaluation]
        lines += ["", columns(rows)]
    return "\n".join(lines)


def _episode_row(e: Episode) -> list[str]:
    verdict = {True: "yes", False: "no", None: "?"}[e.success]
    seconds = f"{e.timings.get('total', float('nan')):.1f}"
    note = (e.fault or e.note)[:60]
    return [e.phase, e.objects, e.method, str(e.index), f"{e.reward:.3f}", e.rater, verdict, e.success_source, seconds, note]


def compare_text(runs: Sequence[Run]) -> str:
    """Runs side by side: what differs in their making, and what came of it."""
    heads = ["", *(r.folder.name if len({x.folder.name for x in runs}) == len(runs) else str(r.folder) for r in runs)]
    rows = [heads]
    keys = list(dict.fromkeys(key for r in runs for key in [*r.info.identity, "version of the code"]))
    for key in keys:
        values = [
            str(r.info.versions.get("deft") if key == "version of the code" else r.info.identity.get(key)) for r in runs
        ]
        if len(set(values)) > 1:
            rows.append([key, *values])
    rows += [
        ["episodes", *(str(len(r.tries)) for r in runs)],
        ["reward, first ten", *(f"{r.rewards[:10].mean():.2f}" if r.tries else "-" for r in runs)],
        ["reward, last ten", *(f"{r.rewards[-10:].mean():.2f}" if r.tries else "-" for r in runs)],
        ["faults", *(str(sum(bool(e.fault) for e in r.tries)) for r in runs)],
    ]
    rows += [[f"{m} {o}", *(r.rate(m, o) for r in runs)] for m in METHODS for o in OBJECTS]
    rows.append(["same residuals as the first for", *(f"{same_residuals(runs[0], r)} episodes" for r in runs)])
    return columns(rows)


def same_residuals(a: Run, b: Run) -> int:
    """How many episodes from the first on two runs tried the very same residuals."""
    count = 0
    for x, y in zip(a.tries, b.tries, strict=False):
        if not np.array_equal(x.residual, y.residual):
            break
        count += 1
    return count


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text under each other."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
