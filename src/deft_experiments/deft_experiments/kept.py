"""A report is not replaced by one that tells of fewer runs: a narrower question is answered, and changes no file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def lost(path: Path, report: Mapping[str, Any], runs: Callable[[Mapping[str, Any]], dict[str, int]]) -> list[str]:
    """What the report at a path has more runs of than a new one; nothing where there is none, or none to be read.

    Args:
        path: Of the older report, JSON.
        report: The new one.
        runs: Tells of a report how many runs stand behind what.
    """
    try:
        old = runs(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    new = runs(report)
    return [what for what, count in old.items() if new.get(what, 0) < count]


def kept_text(path: Path, missing: list[str]) -> str:
    """Why a report was left as it is, for a person."""
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return (
        f"the report in {path.parent} stays as it is: it has more runs of {', '.join(missing[:3])}{more}; "
        f"ask for all of them at once to replace it, or delete {path.name}"
    )
