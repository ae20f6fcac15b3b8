"""Helpers for launch tests."""

import sys

from launch.actions import ExecuteProcess

from .proc_lookup import NO_CMD_ARGS, NoMatchingProcessException, resolveProcesses

__all__ = ["NO_CMD_ARGS", "KeepAliveProc", "NoMatchingProcessException", "resolveProcesses"]

_SLEEP = """
import signal
try:
    signal.pause()
except KeyboardInterrupt:
    pass
"""


def KeepAliveProc() -> ExecuteProcess:
    """Return a process that does nothing but keep the launch running."""
    return ExecuteProcess(cmd=[sys.executable, "-c", _SLEEP])
