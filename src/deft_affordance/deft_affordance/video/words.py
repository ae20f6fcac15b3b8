"""Narrations as plain instructions, and which verbs mean a grasp."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from deft_affordance.video.errors import ClipRejected, Reason, SourceUnusable

VERBS_FILE = Path(__file__).parent / "grasp_verbs.yaml"
_WORD = re.compile(r"[a-z]+")
# Ego4D's marks: "#C C" is the camera wearer, "#O" somebody else; "#unsure" stands where the narrator did not know.
_EGO4D_SPEAKER = re.compile(r"^\s*#(?P<who>[A-Za-z]+)\s*(?P<tag>[A-Z]\s+)?")


@lru_cache(maxsize=8)
def grasp_verbs(path: Path = VERBS_FILE) -> frozenset[str]:
    """The verbs whose clips involve a grasp; raises SourceUnusable for a file that is no list of words."""
    try:
        verbs = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SourceUnusable(f"{path}: no list of verbs: {error}") from error
    if not isinstance(verbs, list) or not all(isinstance(verb, str) and _WORD.fullmatch(verb) for verb in verbs):
        raise SourceUnusable(f"{path}: must be a list of lower-case verbs (- take, - open, ...)")
    return frozenset(verbs)


def first_word(verb: str) -> str:
    """The bare verb: `first_word("take_(pick,_grab,_get)")` is "take", `first_word("pick-up")` is "pick"."""
    found = _WORD.search(verb.lower())
    return found.group() if found else ""


def is_grasp(verb: str, verbs: frozenset[str]) -> bool:
    """Whether a verb, or its third person ("picks", "carries"), is one of those."""
    word = first_word(verb)
    return bool({word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y"} & verbs)


def clean_text(narration: str, clip_id: str) -> str:
    """Lower case, marks and punctuation gone, single spaces.

    Raises:
        ClipRejected: no words at all, or words that the narrator was not sure of.
    """
    if "#unsure" in narration.lower().replace(" ", ""):
        raise ClipRejected(Reason.UNKNOWN_TEXT, f"{clip_id}: the narrator was not sure: {narration!r}")
    words = re.sub(r"#\S+", " ", narration).lower()
    words = " ".join(re.sub(r"[^\w\s'-]", " ", words).split())
    if not words:
        raise ClipRejected(Reason.NO_LANGUAGE, f"{clip_id}: has no narration")
    if not _WORD.search(words):
        raise ClipRejected(Reason.UNKNOWN_TEXT, f"{clip_id}: no word that can be read in {narration!r}")
    return words


def strip_speaker(narration: str, clip_id: str) -> str:
    """Take Ego4D's speaker marks off: "#C C picks a cup" to "picks a cup".

    Raises:
        ClipRejected: somebody other than the camera wearer acts.
    """
    found = _EGO4D_SPEAKER.match(narration)
    if found is None:
        return narration
    if not found.group("who").upper().startswith("C"):
        raise ClipRejected(Reason.NOT_THE_WEARER, f"{clip_id}: not the camera wearer acts: {narration!r}")
    rest = narration[found.end() :].lstrip()
    return rest[2:] if rest[:2] in ("C ", "c ") else rest
