"""Reading annotation files: found where the data set puts them, and said clearly where they are not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deft_affordance.video.errors import SourceUnusable


def find_file(root: Path, places: Sequence[str], what: str) -> Path:
    """The first of some places (relative to a root) that holds a file; raises SourceUnusable naming them all."""
    for place in places:
        if (root / place).is_file():
            return root / place
    raise SourceUnusable(f"{root}: no {what}; looked for {', '.join(places)}")


def load_json(path: Path) -> Any:
    """Read JSON; raises SourceUnusable naming file and place."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise SourceUnusable(f"{path}: no readable JSON ({error}); fetch the file again") from error
