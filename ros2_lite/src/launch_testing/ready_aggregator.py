"""Be ready when several things are."""

from __future__ import annotations

import threading
from collections.abc import Callable


class ReadyAggregator:
    """Calls a function when `ready_fn` was called a number of times."""

    def __init__(self, ready_fn: Callable[[], object], num_to_aggregate: int) -> None:
        self._parent_ready_fn = ready_fn
        self._left = num_to_aggregate
        self._lock = threading.Lock()

    def ready_fn(self) -> None:
        """Count one thing as ready."""
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self._parent_ready_fn()
