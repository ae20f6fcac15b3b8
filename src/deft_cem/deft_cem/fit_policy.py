"""Fit a run's policy again, from its record or from its bag: `ros2 run deft_cem fit_policy RUN_OR_BAG --out FILE`.

Both hold the same episodes and the run's seed, so the weights are the same, bit for bit on one machine.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deft_cem.bag import read_run
from deft_cem.config import RunConfig
from deft_cem.errors import BagError, PolicyError
from deft_cem.loop import fit_data
from deft_cem.optimizers import check_reward
from deft_cem.policies import POLICIES, check_policy_out, make_policy
from deft_cem.store import Episode, RunRecord
from deft_cem.store.database import DATABASE
from deft_core.config import json_options, validate, whole_name
from deft_core.errors import DeftError


@dataclass(frozen=True)
class Source:
    """Fine-tuning episodes in order and what is known of their run.

    `asked` is how many of them the run was to have; None where nothing tells.
    """

    config: RunConfig
    tries: list[Episode]
    asked: int | None

    @property
    def partial(self) -> bool:
        """Whether tries that the run was to have are missing, or may be."""
        return self.asked is None or len(self.tries) < self.asked


def from_record(folder: Path) -> Source:
    """Read a run folder's record."""
    with RunRecord.read(folder) as record:
        config = validate(record.info.identity, RunConfig, str(folder))
        return Source(config, record.episodes("finetune"), config.episodes)


def from_bag(path: Path, partial: bool = False) -> Source:
    """Read a bag; `partial` takes one that lacks tries of its run.

    Raises:
        BagError: Not readable, without episodes, of several runs, or some of the run's tries are not in it.
    """
    run = read_run(path)
    tries = sorted((e for e in run.episodes if e.phase == "finetune"), key=lambda e: e.index)
    if not tries:
        raise BagError(f"{path} holds no fine-tuning episode; nothing to fit")
    for episode in tries:
        check_reward(episode.reward)
    asked = run.asked
    if asked is None and (not run.damaged or run.episodes[-1].phase == "evaluation"):
        asked = tries[-1].index  # evaluation begins after the last try
    source = Source(RunConfig(task=run.task, seed=run.run_seed, hand=run.hand), tries, asked)
    if source.partial and not partial:
        count = f"{len(tries)} of {asked or 'an unknown number of'} tries came through"
        raise BagError(
            f"{path} lacks tries of its run ({'; '.join((count, *run.damaged))}); nothing was written: fit from the "
            f"run's record, or add --partial to fit to the {len(tries)} that came through"
        )
    return source


def fit(source: Source, out: Path, policy: str | None, options: dict[str, Any] | None) -> dict[str, Any]:
    """Fit and save a policy; `policy` and `options` None mean the run's own (a bag's: the defaults)."""
    config = source.config
    name = policy or config.policy
    chosen = make_policy(name, options if options is not None else config.policy_options if not policy else {})
    data = fit_data(source.tries, config.task, config.hand)
    check_policy_out(out)
    start = time.perf_counter()
    report = chosen.fit(data, config.generator("policy"))
    sha256 = chosen.save(out)
    return {
        "policy": name,
        "task": config.task,
        "out": str(out),
        "sha256": sha256,
        "episodes": report.episodes,
        "asked": source.asked,
        "partial": source.partial,
        "elites": report.elites,
        "loss": report.loss,
        "seconds": round(time.perf_counter() - start, 3),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="fit_policy", description=__doc__)
    parser.add_argument("source", type=Path, help="run folder, bag folder, .mcap or .db3")
    parser.add_argument("--out", type=Path, required=True, help="policy file to write (.safetensors)")
    parser.add_argument("--policy", help=f"{', '.join(POLICIES)}; default: the run's")
    parser.add_argument("--options", type=json_options, help="policy options as JSON")
    parser.add_argument("--task", type=whole_name, help="refuse a run of another task")
    parser.add_argument("--hand", help="refuse a run of another hand")
    parser.add_argument("--partial", action="store_true", help="fit to what is there of a bag that lost tries")
    parser.add_argument("--bag", action="store_true", help="read the bag of a run folder, not its record")
    args = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        if not args.source.exists():
            raise BagError(f"{args.source}: no such run or bag")
        record = (args.source / DATABASE).exists() and not args.bag
        source = from_record(args.source) if record else from_bag(args.source, args.partial)
        for what, wanted, found in (("task", args.task, source.config.task), ("hand", args.hand, source.config.hand)):
            if wanted and wanted != found:
                raise PolicyError(f"{args.source} is of {what} {found!r}, not {wanted!r}; nothing was written")
        print(json.dumps(fit(source, args.out, args.policy, args.options)))
    except (DeftError, OSError) as error:
        print(f"fit_policy: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
