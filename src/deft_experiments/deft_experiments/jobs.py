"""Fine-tuning runs on in-process twins: a job a run, several processes, resumable, none left behind.

Jobs that differ only after the thirty tries (in the policy that is fitted to them) share those tries: `Job.tries_of`.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from multiprocessing.managers import SyncManager
from pathlib import Path
from typing import Any

from deft_affordance.workers import on_ray, start_on_ray
from deft_cem.config import RunConfig
from deft_cem.listener import Listener, Progress
from deft_cem.store import RunRecord
from deft_cem.store.database import holds_run
from deft_core.config import short_name
from deft_core.errors import DeftError
from deft_experiments.setups import Setup
from deft_experiments.twins import Twin
from deft_vision.errors import VisionError

# One core a process; an OpenMP thread that spins beside another process makes small torch calls twenty times slower.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True)
class Job:
    """One run to be made in a folder.

    Attributes:
        config: What to do; hashes are filled in by whoever makes the twin.
        folder: Run folder; a finished run there is kept, an unfinished one goes on.
        prior: Checkpoint of the affordance model, empty for the one that ships.
        setup: Raters, disturbances, and what may stand in the prior's place.
        keep_images: Whether captures are kept.
        tries_of: Run folder whose fine-tuning episodes are these too: same task, seed, optimiser and rater.
        label: What it is called in progress lines.
    """

    config: RunConfig
    folder: Path
    prior: str = ""
    setup: Setup | None = None
    keep_images: bool = True
    tries_of: Path | None = None
    label: str = ""


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
    """Task and seed, or the job's label."""
    return job.label or f"{short_name(job.config.task)}/{job.config.seed}"


def whole_config(job: Job) -> RunConfig:
    """The job's configuration, with the hashes of what its twin is made of; raises where that is not there."""
    hashes = Twin.hashes_of(job.config.task, job.config.seed, job.prior, job.setup)
    return job.config.model_copy(update={"hashes": hashes})


def finished(job: Job) -> bool:
    """Whether the job's run is there, whole.

    Raises:
        RecordMismatchError: The run that is there is another: of other options, another prior or demonstration.
        RecordError: It cannot be read.
    """
    if not (job.folder / "summary.json").exists():
        return False
    with RunRecord.read(job.folder) as record:
        record.check_identity(whole_config(job).identity())
    return True


def run_job(job: Job, lines: Any) -> Done:
    """Run or resume one job on a twin of its own."""
    from deft_cem.loop import FineTuning

    start = time.perf_counter()
    try:
        if finished(job):
            return Done(job, 0.0)
        twin = Twin(job.config.task, job.config.seed, job.prior, job.setup)
        try:
            config = whole_config(job)
            listener = _Teller(name_of(job), lines)
            setup_s = time.perf_counter() - start
            resume = holds_run(job.folder)
            tuning = FineTuning(
                config,
                twin.bench,
                job.folder,
                resume=resume,
                listener=listener,
                setup_s=setup_s,
                keep_images=job.keep_images,
            )
            if job.tries_of is not None:
                share_tries(job.tries_of, tuning.record)
            tuning.run()
        finally:
            twin.close()
    except (DeftError, VisionError) as error:
        return Done(job, time.perf_counter() - start, str(error))
    return Done(job, time.perf_counter() - start)


def share_tries(source: Path, into: RunRecord) -> None:
    """Copy the fine-tuning episodes that a run lacks from one of the same beginnings; their images stay there."""
    with RunRecord.read(source) as record:
        for episode in record.episodes("finetune")[into.count("finetune") :]:
            images = {k: os.path.relpath(source / path, into.folder) for k, path in episode.images.items()}
            into.append(replace(episode, images=images), record.optimizer_state(episode.index))


def run_chain(jobs: Sequence[Job], lines: Any) -> list[Done]:
    """Run jobs one after the other; those that need another's tries come after it."""
    return [run_job(job, lines) for job in jobs]


def chains(jobs: Iterable[Job]) -> list[list[Job]]:
    """Jobs in groups that may run side by side."""
    found: dict[Path, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: job.tries_of is not None):
        found.setdefault(job.tries_of or job.folder, []).append(job)
    return list(found.values())


def _end_with_parent() -> None:
    """Let this process die when the one that started it does, however that dies."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, so that what was started is ended; only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_all(jobs: Iterable[Job], processes: int, say: Callable[[str], None], ray_address: str = "") -> list[Done]:
    """Run jobs on several processes, or on a Ray cluster; an exception, Ctrl-C or SIGTERM ends them all.

    Args:
        jobs: To be run, in this order.
        processes: At once.
        say: Gets every line of progress.
        ray_address: Of a cluster that runs them instead (`deft_affordance.workers.on_ray`).

    Returns:
        How each ended, in the order of the jobs.
    """
    jobs = list(jobs)
    if ray_address:
        ended = _run_on_ray(chains(jobs), processes, say, ray_address)
    else:
        ended = _run_in_processes(chains(jobs), processes, say)
    return [ended[job.folder] for job in jobs]


def _run_on_ray(todo: list[list[Job]], processes: int, say: Callable[[str], None], address: str) -> dict[Path, Done]:
    """Run chains of jobs on a cluster, a core each; a chain whose machine is lost goes on, on another, where it was."""
    with terminable(), on_ray(address, processes) as ray:
        from ray.util.queue import Empty, Queue

        lines = Queue(actor_options={"num_cpus": 0})
        results = waiting = [start_on_ray(ray, run_chain, chain, lines) for chain in todo]
        while waiting or not lines.empty():
            _, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=0.0) if waiting else ([], [])
            try:
                say(lines.get(timeout=0.2))
            except Empty:
                continue
        return {done.job.folder: done for chain in ray.get(results) for done in chain}


def _run_in_processes(todo: list[list[Job]], processes: int, say: Callable[[str], None]) -> dict[Path, Done]:
    os.environ |= {k: v for k, v in _ENVIRONMENT.items() if k not in os.environ}
    # Spawned, not forked: torch and GL contexts do not survive a fork.
    context = multiprocessing.get_context("spawn")
    manager = SyncManager(ctx=context)
    manager.start(_end_with_parent)
    with terminable(), manager:
        pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent)
        try:
            lines = manager.Queue()
            waiting = [pool.submit(run_chain, chain, lines) for chain in todo]
            while not all(future.done() for future in waiting) or not lines.empty():
                try:
                    say(lines.get(timeout=0.2))
                except queue.Empty:
                    continue
            ended = {done.job.folder: done for future in waiting for done in future.result()}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                if not child.name.startswith("SyncManager"):
                    child.terminate()
            raise
        pool.shutdown()
    return ended
