"""Assertions about output."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..tools.text import build_text_match
from ..util import resolveProcesses

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def remove_ansi_escape_sequences(text: str) -> str:
    """Return text without colours and movements of the cursor."""
    return _ANSI.sub("", text)


def assertInStream(
    proc_output: Any,
    expected_output: Any,
    process: Any,
    cmd_args: Any = None,
    *,
    output_filter: Callable[[str], str] | None = None,
    strict_proc_matching: bool = True,
    strip_ansi_escape_sequences: bool = True,
    stream: str = "stderr",
) -> None:
    """Assert that one of the processes wrote something; see `launch_testing.ActiveIoHandler.waitFor`."""
    processes = resolveProcesses(
        proc_output, process=process, cmd_args=cmd_args, strict_proc_matching=strict_proc_matching
    )
    if output_filter is not None and not callable(output_filter):
        raise ValueError("output_filter is not callable")
    if stream not in ("stdout", "stderr"):
        raise ValueError("Invalid value for stream; must be 'stdout' or 'stderr'")
    match = build_text_match(expected_output)
    for found in processes:
        events = [event for event in proc_output[found] if getattr(event, f"from_{stream}")]
        text = b"".join(event.text for event in events).decode(errors="replace")
        if strip_ansi_escape_sequences:
            text = remove_ansi_escape_sequences(text)
        if output_filter is not None:
            text = output_filter(text)
        if match(text) is not None:
            return
    names = ", ".join(sorted(p.process_details["name"] for p in processes))
    raise AssertionError(f"Did not find '{expected_output}' in output for any of the matching processes: {names}")


def assertInStdout(proc_output: Any, expected_output: Any, process: Any, cmd_args: Any = None, **kwargs: Any) -> None:
    """Assert that a process wrote something to its standard output; see `assertInStream`."""
    assertInStream(proc_output, expected_output, process, cmd_args, **kwargs, stream="stdout")


def assertInStderr(proc_output: Any, expected_output: Any, process: Any, cmd_args: Any = None, **kwargs: Any) -> None:
    """Assert that a process wrote something to its standard error; see `assertInStream`."""
    assertInStream(proc_output, expected_output, process, cmd_args, **kwargs, stream="stderr")


def assertDefaultStream() -> str:
    """Return the stream that ROS nodes log to."""
    return "stderr"
