"""The filters of appendix D that need annotations alone: long enough, a grasp, the right hand, words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.record import Clip
from deft_affordance.video.words import VERBS_FILE, grasp_verbs, is_grasp


@dataclass(frozen=True)
class Filters:
    """What a clip must be.

    Attributes:
        min_seconds: the paper asks for "sufficient length" and gives no number; one second holds a reach and a grasp.
        max_seconds: beyond this, "the initial frame" shows something else.
        verbs_file: verbs that mean a grasp.
    """

    min_seconds: float = 1.0
    max_seconds: float = 60.0
    verbs_file: Path = VERBS_FILE

    def check(self, clip: Clip) -> None:
        """Raise ClipRejected where a clip does not pass."""
        where = f"{clip.source} clip {clip.clip_id}"
        if not clip.text:
            raise ClipRejected(Reason.NO_LANGUAGE, f"{where}: has no narration")
        if clip.side == "left":
            raise ClipRejected(Reason.LEFT_HAND_ONLY, f"{where}: the annotators name the left hand")
        if not is_grasp(clip.verb, grasp_verbs(self.verbs_file)):
            raise ClipRejected(Reason.NO_GRASP, f"{where}: {clip.verb!r} is no grasp by {self.verbs_file.name}")
        if not self.min_seconds <= clip.seconds <= self.max_seconds:
            raise ClipRejected(
                Reason.TOO_SHORT if clip.seconds < self.min_seconds else Reason.TOO_LONG,
                f"{where}: lasts {clip.seconds:.2f} s, asked for {self.min_seconds:g} to {self.max_seconds:g} s",
            )
