"""Find processes by action, or by name and arguments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from launch.actions import ExecuteLocal

NO_CMD_ARGS = object()


class NoMatchingProcessException(Exception):
    """Raised when no process is the one that was asked for."""


def _describe(process: Any) -> str:
    details = process.process_details
    if details:
        return f"{details['name']} {' '.join(details['cmd'][1:])}"
    return " ".join("".join(sub.describe() for sub in part) for part in process.process_description.cmd)


def _describe_all(info_obj: Any) -> str:
    return ", ".join(sorted(_describe(process) for process in info_obj.processes()))


def _has_arguments(process: Any, cmd_args: Any) -> bool:
    arguments = process.process_details["cmd"][1:]
    if cmd_args is None:
        return True
    if cmd_args is NO_CMD_ARGS:
        return not arguments
    return all(argument in arguments for argument in cmd_args)


def resolveProcesses(
    info_obj: Any,
    *,
    process: ExecuteLocal | str | None = None,
    cmd_args: Any = None,
    strict_proc_matching: bool = True,
) -> list[Any]:
    """Return the processes that a test means.

    Args:
        info_obj: a handler of outputs or of process events.
        process: an action, a part of a name, or None for all.
        cmd_args: an argument, or several, that a process found by name must have; NO_CMD_ARGS for none at all.
        strict_proc_matching: a name must not mean several processes.

    Raises:
        NoMatchingProcessException: there is none.
        Exception: there are several.
    """
    known: Iterable[Any] = list(info_obj.processes())
    if process is None:
        if not known:
            raise NoMatchingProcessException("No data recorded for any process")
        return list(known)
    if isinstance(process, ExecuteLocal):
        if process not in known:
            raise NoMatchingProcessException(f"No data recorded for proc {_describe(process)}")
        return [process]
    if not isinstance(process, str):
        raise TypeError(f"proc argument must be 'ExecuteProcess' or 'str' not {type(process)}")
    wanted: Sequence[Any] | Any = [cmd_args] if isinstance(cmd_args, str) else cmd_args
    matches = [p for p in known if process in p.process_details["name"] and _has_arguments(p, wanted)]
    if not matches:
        raise NoMatchingProcessException(
            f"Did not find any processes matching name '{process}' and args '{cmd_args}'. "
            f"Procs: {_describe_all(info_obj)}"
        )
    if strict_proc_matching and len(matches) > 1:
        raise Exception(
            f"Found multiple processes matching name '{process}' and cmd_args '{cmd_args}'. "
            f"Procs: {_describe_all(info_obj)}"
        )
    return matches
