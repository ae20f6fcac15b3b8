"""One goal of an action at a time, from the moment it is taken."""

import math
import threading
import time

# A goal that was taken runs within this, seconds; else its client went away in between, and the next may be taken.
RUNS_WITHIN_S = 5.0


class OneGoal:
    """Of goals that come together, one is taken.

    An action server answers a goal before it runs it. What its callbacks do is not yet "busy" in between, so a second
    goal would be taken too, and aborted later: from `take` on, the node is spoken for.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until_s = 0.0

    def take(self, busy: bool = False) -> bool:
        """Whether a goal may be taken; from now on no other, if so.

        Args:
            busy: whether something that is not a goal keeps the node from it.
        """
        with self._lock:
            if busy or time.monotonic() < self._until_s:
                return False
            self._until_s = time.monotonic() + RUNS_WITHIN_S
            return True

    def begin(self) -> None:
        """The goal runs, for however long."""
        self._until_s = math.inf

    def end(self) -> None:
        """It has ended: another may be taken."""
        self._until_s = 0.0
