"""How far a long command is: a bar on a terminal; a line a minute where there is none, as in a cluster's log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sized
from typing import Any

from tqdm import tqdm

EVERY_S = 60.0


class _Lines:
    """Standard error for tqdm: it goes back to the beginning of a line that is there; in a file each is a new one."""

    def write(self, text: str) -> None:
        """Write what is more than blank."""
        if text.strip():
            sys.stderr.write(text.strip() + "\n")

    def flush(self) -> None:
        """Pass on."""
        sys.stderr.flush()


def bar(
    things: Iterable[Any] | None = None,
    *,
    total: int | None = None,
    unit: str,
    what: str = "",
    initial: int = 0,
    silent: bool = False,
) -> tqdm[Any]:
    """Count `things`, or what its `update` is told, on standard error, with the time left where a total is known.

    Args:
        things: iterated over through it.
        total: how many there will be; by default as many as `things` says.
        unit: what one of them is.
        what: what is being done.
        initial: how many were done before.
        silent: say nothing, as of several processes all but one do.
    """
    total = len(things) if total is None and isinstance(things, Sized) else total
    common: dict[str, Any] = {"total": total, "unit": unit, "initial": initial, "disable": silent}
    if sys.stderr.isatty():
        return tqdm(things, desc=what or None, **common)
    count = "{n_fmt} of {total_fmt} {unit}s, {elapsed}, left {remaining}" if total else "{n_fmt} {unit}s, {elapsed}"
    # A command that is done within the first minute says nothing.
    lines = {"file": _Lines(), "mininterval": EVERY_S, "miniters": 1, "delay": EVERY_S}
    return tqdm(things, bar_format=f"{what}{': ' if what else ''}{count}{{postfix}}", **common, **lines)
