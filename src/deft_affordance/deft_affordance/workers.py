"""One function on many jobs, here or in worker processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

R = TypeVar("R")


def each_done(function: Callable[..., R], jobs: Sequence[tuple[Any, ...]], workers: int) -> Iterator[R]:
    """Call a function with the arguments of each job; yields each result as it is done, in any order.

    Args:
        function: importable by name, as are its arguments' types.
        jobs: argument tuples.
        workers: processes; 1 stays in this one and keeps the order. A job that was begun is finished in any case.
    """
    if workers == 1:
        for job in jobs:
            yield function(*job)
        return
    # Spawned, not forked: a GL context does not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [pool.submit(function, *job) for job in jobs]
        try:
            for future in as_completed(running):
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
