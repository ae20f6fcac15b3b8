"""Fine-tuning runs on in-process twins: one job a (task, seed), several processes, resumable."""

from __future__ import annotations

import multiprocessing
import os
import queue
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deft_cem.config import RunConfig
from deft_cem.listener import Listener, Progress
from deft_cem.store.database import holds_run
from deft_core.errors import DeftError
from deft_experiments.twins import Twin

# One core a process; an OpenMP thread that spins beside another process makes small torch calls twenty times slower.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True)
class Job:
    """One run to be made in a folder.

    Attributes:
        config: What to do; hashes are filled in by whoever makes the twin.
        folder: Run folder; a finished run there is kept, an unfinished one goes on.
        prior: Checkpoint of the affordance model, empty for the one that ships.
    """

    config: RunConfig
    folder: Path
    prior: str = ""


@dataclass(frozen=True)
class Done:
    """How a job ended: `error` is empty if it went well."""

    job: Job
    seconds: float
    error: str = field(default="")


class _Teller(Listener):
    def __init__(self, name: str, lines: Any) -> None:
        self._name, self._lines = name, lines

    def progress(self, progress: Progress) -> None:
        self._lines.put(f"{self._name:<14} {progress.line}")


def name_of(job: Job) -> str:
    """Task and seed."""
    return f"{job.config.task}/{job.config.seed}"


def run_job(job: Job, lines: Any) -> Done:
    """Run or resume one job on a twin of its own."""
    from deft_cem.loop import FineTuning

    start = time.perf_counter()
    if (job.folder / "summary.json").exists():
        return Done(job, 0.0)
    try:
        twin = Twin(job.config.task, job.config.seed, job.prior)
        try:
            config = job.config.model_copy(update={"hashes": twin.hashes})
            listener = _Teller(name_of(job), lines)
            setup_s = time.perf_counter() - start
            resume = holds_run(job.folder)
            FineTuning(config, twin.bench, job.folder, resume=resume, listener=listener, setup_s=setup_s).run()
        finally:
            twin.close()
    except DeftError as error:
        return Done(job, time.perf_counter() - start, str(error))
    return Done(job, time.perf_counter() - start)


def run_all(jobs: Iterable[Job], processes: int, say: Callable[[str], None]) -> list[Done]:
    """Run jobs on several processes.

    Args:
        jobs: To be run, in this order.
        processes: At once.
        say: Gets every line of progress.

    Returns:
        How each ended, in the order of the jobs.
    """
    os.environ |= {k: v for k, v in _ENVIRONMENT.items() if k not in os.environ}
    # Spawned, not forked: torch and GL contexts do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(processes, mp_context=context) as pool:
        lines = manager.Queue()
        waiting = [pool.submit(run_job, job, lines) for job in jobs]
        while not all(future.done() for future in waiting) or not lines.empty():
            try:
                say(lines.get(timeout=0.2))
            except queue.Empty:
                continue
        return [future.result() for future in waiting]
