"""What a run came to: `summary.json` and the table a person reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deft_cem.config import RunConfig
from deft_cem.store.episode import Episode
from deft_core.config import short_name

METHODS = ("prior", "tuned")
OBJECTS = ("train", "test")


def success_rate(episodes: Sequence[Episode], method: str, objects: str) -> float | None:
    """Share of successes among trials whose success is known; None without any."""
    known = [e.success for e in episodes if e.method == method and e.objects == objects and e.success is not None]
    return sum(known) / len(known) if known else None


def summarise(
    config: RunConfig,
    tries: Sequence[Episode],
    evaluation: Sequence[Episode],
    wall_s: dict[str, float],
    versions: dict[str, str],
) -> dict[str, Any]:
    """Build the content of `summary.json`.

    Args:
        config: The run's.
        tries: Fine-tuning episodes in order.
        evaluation: Evaluation trials.
        wall_s: Seconds of setup, episodes, fit and evaluation.
        versions: Of the code and its libraries.
    """
    return {
        "task": config.task,
        "seed": config.seed,
        "episodes": config.episodes,
        "trials": config.trials,
        "prior_trials": config.prior_trials_each,
        "success": {m: {o: success_rate(evaluation, m, o) for o in OBJECTS} for m in METHODS},
        "rewards": [e.reward for e in tries],
        "wall_s": {k: round(wall_s.get(k, 0.0), 3) for k in ("setup", "episodes", "fit", "evaluation")},
        "versions": versions,
        "optimizer": config.optimizer,
        "policy": config.policy,
        "reward": config.reward,
        "finetune_success": [e.success for e in tries],
    }


def write_summary(path: Path, summary: dict[str, Any]) -> None:
    """Write the summary, all or nothing."""
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    temporary.replace(path)


def table(summary: dict[str, Any]) -> str:
    """The final table: prior alone and tuned, on the train and the test object."""

    def cell(method: str, objects: str) -> str:
        rate = summary["success"][method][objects]
        trials = summary["prior_trials"] if method == "prior" else summary["trials"]
        return "-" if rate is None else f"{rate:.2f} ({trials})"

    lines = [
        f"{short_name(summary['task'])}, seed {summary['seed']}: success (trials)",
        f"{'':<12}{'train':>12}{'test':>12}",
    ]
    for method, label in (("prior", "prior alone"), ("tuned", "tuned")):
        lines.append(f"{label:<12}{cell(method, 'train'):>12}{cell(method, 'test'):>12}")
    return "\n".join(lines)
