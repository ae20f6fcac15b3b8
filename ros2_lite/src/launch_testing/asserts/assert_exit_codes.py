"""Assertions about exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..util import resolveProcesses

EXIT_OK = 0
EXIT_SIGINT = 130
EXIT_SIGQUIT = 131
EXIT_SIGKILL = 137
EXIT_SIGSEGV = 139


def assertExitCodes(
    proc_info: Any,
    allowable_exit_codes: Sequence[int] = (EXIT_OK,),
    process: Any = None,
    cmd_args: Any = None,
    *,
    strict_proc_matching: bool = True,
) -> None:
    """Assert that processes (all, if none is named) ended with one of some exit codes."""
    for code in allowable_exit_codes:
        assert isinstance(code, int), f"Provided exit code {code} is not an int"
    found = resolveProcesses(proc_info, process=process, cmd_args=cmd_args, strict_proc_matching=strict_proc_matching)
    for info in [proc_info[item] for item in found]:
        assert info.returncode in allowable_exit_codes, f"Proc {info.process_name} exited with code {info.returncode}"
