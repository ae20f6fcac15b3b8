"""Ask the machine to serve a process that others wait on within milliseconds: a driver, a simulated device."""

import contextlib
import os
import sys

# Python lets a thread run this long before another may; its default, 5 ms times a few busy threads, misses deadlines.
SWITCH_INTERVAL_S = 5e-4
PRIORITY = -10


def ask_for_priority() -> None:
    """Raise this process's priority where the system permits it, and let its threads take turns quickly."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
