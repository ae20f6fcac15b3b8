"""A pool of threads that does not keep a process from ending."""

from __future__ import annotations

import atexit
import queue
import threading
import time
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


from ros2_lite.executor_core import Job


class WorkerPool:
    """Threads that run jobs. Unlike concurrent.futures' they do not keep a process from ending for ever."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._lock = threading.Lock()
        _pools.add(self)

    def submit(self, job: Job) -> None:
        with self._lock:
            if self._idle == 0 and len(self._threads) < self._size:
                thread = threading.Thread(target=self._work, name="rclpy worker", daemon=True)
                self._threads.append(thread)
                thread.start()
            else:
                self._idle -= 1
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job()
            with self._lock:
                self._idle += 1

    def close(self, timeout_s: float = 0.0) -> bool:
        """Let the threads end; with a time limit, wait for them and say whether they have."""
        with self._lock:
            threads, self._threads = self._threads, []
        for _ in threads:
            self._jobs.put(None)
        deadline = time.monotonic() + timeout_s
        for thread in threads:
            if timeout_s > 0 and thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)


_pools: weakref.WeakSet[WorkerPool] = weakref.WeakSet()
_EXIT_PATIENCE_S = 5.0


@atexit.register
def _end_pools() -> None:
    for pool in list(_pools):
        if not pool.close(_EXIT_PATIENCE_S):
            from rclpy.logging import get_logger

            get_logger("rclpy").error(
                f"a callback was still running {_EXIT_PATIENCE_S:.0f} s after the end of the program; it is cut off"
            )
