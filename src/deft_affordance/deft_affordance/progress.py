"""How far a long command is: a bar on a terminal; a line a minute where there is none, as in a cluster's log."""

from __future__ import annotations

import sys
from collections.abc import Iterable
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


def bar(things: Iterable[Any] | None = None, *, total: int | None = None, unit: str, what: str = "") -> tqdm[Any]:
    """Count `things`, or what its `update` is told, on standard error, with the time left where a total is known.

    Args:
        things: iterated over through it.
        total: how many there will be.
        unit: what one of them is.
        what: what is being done.
    """
    if sys.stderr.isatty():
        return tqdm(things, total=total, unit=unit, desc=what or None)
    left = " of {total_fmt} {unit}s, {elapsed}, left {remaining}" if total else " {unit}s, {elapsed}"
    # A command that is done within the first minute says nothing.
    return tqdm(
        things, total=total, unit=unit, bar_format=f"{what}: {{n_fmt}}{left}" if what else f"{{n_fmt}}{left}",
        file=_Lines(), mininterval=EVERY_S, miniters=1, delay=EVERY_S,
    )  # fmt: skip
