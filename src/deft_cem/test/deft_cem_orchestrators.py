"""Orchestrators to be killed: every line of standard input forks one from a process that has imported all they need.

    python deft_cem_orchestrators.py [--ros-args ...]

Prints the process id of each. Starting fifty from nothing would take longer than all that they do.
"""

import os
import signal
import sys

import deft_cem.policies.cvae  # noqa: F401  the fit's imports
from deft_cem.orchestrator_node import main

signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
signal.signal(signal.SIGINT, signal.SIG_IGN)  # ends with its standard input
for _ in sys.stdin:
    child = os.fork()
    if not child:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os._exit(main())
    print(child, flush=True)
