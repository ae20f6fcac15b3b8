"""What a run came to: `summary.json` and the table a person reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deft_cem.config import RunConfig
from deft_cem.store.episode import Episode
from deft_core.config import short_name

METHODS = ("prior", "tuned")
OBJECTS = ("train", "test")


@dataclass(frozen=True)
class Judged:
    """How one method's trials on one object set came out.

    Attributes:
        successes: Trials that succeeded.
        judged: Trials of which it is known whether they succeeded.
        trials: Trials that were run.
    """

    successes: int
    judged: int
    trials: int

    @property
    def rate(self) -> float | None:
        """Share of successes; None without trials, and where one was not judged.

        A grasp that could not be carried out has failed whoever rates: where the rater cannot tell, failures are all
        that is known, and a share of them would say nothing.
        """
        return self.successes / self.trials if self.trials and self.judged == self.trials else None

    def __str__(self) -> str:
        if self.rate is not None:
            return f"{self.rate:.2f} ({self.trials})"
        return f"{self.judged} of {self.trials} judged" if self.trials else "-"


def judged(episodes: Sequence[Episode], method: str, objects: str) -> Judged:
    """Count a run's evaluation trials of one method on one object set."""
    verdicts = [e.success for e in episodes if (e.method, e.objects) == (method, objects)]
    return Judged(sum(map(bool, verdicts)), sum(v is not None for v in verdicts), len(verdicts))


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
    found = {m: {o: judged(evaluation, m, o) for o in OBJECTS} for m in METHODS}
    return {
        "task": config.task,
        "seed": config.seed,
        "episodes": config.episodes,
        "trials": config.trials,
        "prior_trials": config.prior_trials_each,
        "success": {m: {o: of.rate for o, of in row.items()} for m, row in found.items()},
        "counts": {m: {o: asdict(of) for o, of in row.items()} for m, row in found.items()},
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

    lines = [
        f"{short_name(summary['task'])}, seed {summary['seed']}: success (trials)",
        f"{'':<12}{'train':>16}{'test':>16}",
    ]
    for method, label in (("prior", "prior alone"), ("tuned", "tuned")):
        cells = [str(Judged(**summary["counts"][method][objects])) for objects in OBJECTS]
        lines.append(f"{label:<12}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)
