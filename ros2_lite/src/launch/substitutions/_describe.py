"""How substitutions describe their parts."""

from __future__ import annotations

from collections.abc import Iterable

from ..substitution import Substitution


def describe_all(subs: Iterable[Substitution]) -> str:
    """Describe the parts of a text."""
    return " + ".join(sub.describe() for sub in subs)
