"""One clip of human video, the same for every data set, checked when it is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from deft_affordance.video.errors import ClipRejected, Reason
from deft_core.geometry import Array

Side = Literal["right", "left", "unknown"]
# No film has more: ten days at 1000 frames a second.
MOST_FRAMES = 10**9


@dataclass(frozen=True, eq=False)
class Clip:
    """A stretch of a video in which somebody does something to an object.

    Attributes:
        source: data set ("ego4d", "epic", "hoi4d", "synthetic").
        clip_id: unique in its source.
        video_id: name of the video; detector outputs are filed under it.
        video: the file.
        start, stop: frames of the video, counted from 0, stop excluded.
        fps: frames a second.
        text: what is done, in words, cleaned.
        verb, noun: what is done, with what; lower case.
        group: what must not be split between training and test (a kitchen, a participant, an object).
        side: hand that the annotators name.
        K: (3, 3) intrinsics in pixels, where the data set has them.
        annotations: what else the data set says, by its own names.
    """

    source: str
    clip_id: str
    video_id: str
    video: Path
    start: int
    stop: int
    fps: float
    text: str
    verb: str
    noun: str
    group: str
    side: Side = "unknown"
    K: Array | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._need(bool(self.clip_id and self.video_id and self.group), "clip_id, video_id and group must be given")
        self._need(
            0 <= self.start < self.stop <= MOST_FRAMES,
            f"frames {self.start} to {self.stop} are no range of a film's (counted from 0, stop after)",
        )
        self._need(math.isfinite(self.fps) and 1.0 <= self.fps <= 1000.0, f"fps {self.fps} is not between 1 and 1000")
        self._need(self.side in ("right", "left", "unknown"), f"side {self.side!r} is not right, left or unknown")
        if self.K is not None:
            K = np.asarray(self.K)
            fine = K.shape == (3, 3) and np.isfinite(K).all() and K[0, 0] > 0 and K[1, 1] > 0 and K[2, 2] == 1
            self._need(bool(fine), f"intrinsics {np.asarray(self.K).tolist()} are no (3, 3) matrix of a pinhole")

    def _need(self, fine: bool, message: str) -> None:
        if not fine:
            raise ClipRejected(Reason.BAD_ANNOTATION, f"{self.source} clip {self.clip_id or '(no id)'}: {message}")

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return (self.stop - self.start) / self.fps
