"""Ends what a launch started when the launch itself was killed outright.

Runs as a program of its own, with nothing but the standard library. Reads lines from standard input: ``+PGID`` when a
process group was started, ``-PGID`` when it is gone. The end of the input means that the launch is gone; what is left
then has had its SIGINT from the kernel (PR_SET_PDEATHSIG) and gets SIGTERM and SIGKILL from here.
"""

import os
import signal
import sys
import time

PATIENCE_S = 5.0  # as the defaults of sigterm_timeout and sigkill_timeout


def main() -> None:
    """Wait for the launch to end and end its process groups."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(name, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        if line.startswith(b"+"):
            groups.add(int(line[1:]))
        else:
            groups.discard(int(line[1:]))
    escalation = [signal.SIGTERM, signal.SIGKILL]
    if not sys.platform.startswith("linux"):
        escalation.insert(0, signal.SIGINT)
        signal_groups(groups, signal.SIGINT)
    for signal_number in escalation:
        deadline = time.monotonic() + PATIENCE_S
        while groups and time.monotonic() < deadline:
            time.sleep(0.05)
            signal_groups(groups, 0)
        signal_groups(groups, signal_number)


def signal_groups(groups: set[int], signal_number: int) -> None:
    """Send a signal to each group, and forget those that are gone."""
    for group in list(groups):
        try:
            os.killpg(group, signal_number)
        except ProcessLookupError:
            groups.discard(group)
        except PermissionError:
            pass


if __name__ == "__main__":
    main()
