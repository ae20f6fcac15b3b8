"""Let time pass for a plant and its devices on a thread, at a number of robot seconds to the wall second."""

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self


class Ticker:
    """Calls `step(dt_s)` and then every device's `tick()`, `time_scale / dt_s` times a wall second.

    When the machine is late the missed time is not made up for: robot time slips, nothing jumps.
    """

    def __init__(
        self,
        step: Callable[[float], None],
        ticks: Sequence[Callable[[], None]],
        *,
        dt_s: float = 0.004,
        time_scale: float = 1.0,
    ) -> None:
        self._step, self._ticks, self._dt_s = step, tuple(ticks), dt_s
        self._period_s = dt_s / time_scale
        self._quit = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def __enter__(self) -> Self:
        """Start the clock."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the clock."""
        self._quit.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._quit.is_set():
            self._step(self._dt_s)
            for tick in self._ticks:
                tick()
            due += self._period_s
            now = time.monotonic()
            if due > now:
                self._quit.wait(due - now)
            else:
                due = now
