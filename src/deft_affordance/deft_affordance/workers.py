"""One function on many jobs: here, in worker processes, or on a Ray cluster."""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from deft_core.errors import DeftError

R = TypeVar("R")
# How often Ray makes a job again whose machine or process was lost.
RAY_RETRIES = 3
# Ray itself tries for minutes to reach a machine that is not there.
_CONNECT_S = 5.0
RAY_HELP = (
    "run on a Ray cluster, a core a job: its address (HOST:6379, ray://HOST:10001), `auto` for the one this machine "
    "belongs to, or `local` to start one here; every machine must see the same --out, and have DEFT installed"
)
_START = "start one with `ray start --head` and join others with `ray start --address HOST:6379`"


def each_done(
    function: Callable[..., R], jobs: Sequence[tuple[Any, ...]], workers: int, ray_address: str = ""
) -> Iterator[R]:
    """Call a function with the arguments of each job; yields each result as it is done, in any order.

    Args:
        function: importable by name, as are its arguments' types.
        jobs: argument tuples.
        workers: processes; 1 stays in this one and keeps the order. A job that was begun is finished in any case.
        ray_address: of a Ray cluster that does the jobs instead; see `on_ray`.

    Raises:
        DeftError: no Ray there. What the function raises is raised here.
    """
    if ray_address:
        with on_ray(ray_address, workers) as ray:
            waiting = [start_on_ray(ray, function, *job) for job in jobs]
            while waiting:
                done, waiting = ray.wait(waiting)
                yield ray.get(done[0])
        return
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


@contextmanager
def on_ray(address: str, cpus: int) -> Iterator[Any]:
    """Join a Ray cluster, and leave it; gives the `ray` module.

    Args:
        address: of the cluster; `auto`: the one this machine belongs to; `local`: one of `cpus` cores, started here
            and ended again.
        cpus: of a local cluster.

    Raises:
        DeftError: Ray is not installed, there is no cluster, or it lost a job for good. What a job raises is raised.
    """
    try:
        import ray
    except ImportError as error:
        raise DeftError("--ray needs Ray on every machine: pip install ray") from error
    here: dict[str, Any] = {"num_cpus": cpus, "include_dashboard": False} if address == "local" else {}
    try:
        _knock(address)
    except OSError as error:
        raise DeftError(f"--ray {address}: nothing answers there ({error}); {_START}") from error
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **here)
    except (ConnectionError, ValueError, RuntimeError, OSError, ray.exceptions.RayError) as error:
        raise DeftError(
            f"--ray {address}: no Ray cluster to join there ({_line(error)}); {_START}, all of one Ray and Python; "
            "where it wants a token, export RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH on every machine"
        ) from error
    try:
        yield ray
    except ray.exceptions.RayTaskError as error:
        if not isinstance(error.cause, Exception):
            raise
        raise error.cause from None  # with Ray's around it, its text would be the worker's traceback
    except ray.exceptions.RayError as error:
        raise DeftError(
            f"--ray {address}: a job was lost {RAY_RETRIES + 1} times ({_line(error)}); run again"
        ) from error
    finally:
        ray.shutdown()


def start_on_ray(ray: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """Have a cluster call a function, on a core of its own; again where its machine is lost. Returns Ray's reference.

    It is called in the working directory of this process, where its machine has that too: paths may be relative.
    """
    return ray.remote(num_cpus=1, max_retries=RAY_RETRIES)(_call_in).remote(os.getcwd(), function, *arguments)


def _call_in(folder: str, function: Callable[..., R], *arguments: Any) -> R:
    with suppress(OSError):
        os.chdir(folder)
    return function(*arguments)


def _knock(address: str) -> None:
    """Raise OSError where an address is HOST:PORT and nothing listens there."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def add_ray_argument(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    """Add --ray to a command's arguments."""
    parser.add_argument("--ray", metavar="ADDRESS", default="", help=RAY_HELP)
