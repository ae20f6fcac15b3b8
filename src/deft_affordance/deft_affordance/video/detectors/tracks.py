"""Right hands from any tracker that gives MANO poses: one archive a video, as `deft_core.clip.HandTrack` is stored.

Poses count from the flat hand: of a tracker whose hand model counts from MANO's mean, add the mean first. Wrist
rotations are in the camera's optical frame, keypoints in the order of `deft_core.mano`; a frame without a hand holds
NaN.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from deft_affordance.video.detectors.protocols import HandPose
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.record import Clip
from deft_core.clip import HandTrack
from deft_core.errors import ConfigError


@lru_cache(maxsize=4)
def _load(path: Path) -> HandTrack:
    return HandTrack.load(path)


class TrackFiles:
    """Tracks by file: FOLDER/<video id>.npz, a row a frame of the video.

    Args:
        folder: holds one archive a video.
    """

    source = "hand tracks, .npz files"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pose(self, clip: Clip, frame: int) -> HandPose | None:
        """The right hand's pose in a frame."""
        path = self._folder / f"{clip.video_id}.npz"
        if not path.is_file():
            raise ClipRejected(Reason.NO_DETECTIONS, f"{path}: no such file; run the tracker on this video first")
        try:
            track = _load(path)
        except ConfigError as error:
            raise ClipRejected(Reason.BAD_DETECTIONS, str(error)) from None
        if track.side != "right":
            raise ClipRejected(Reason.LEFT_HAND_ONLY, f"{path}: the track is of a left hand")
        if not 0 <= frame < len(track.mano) or not np.isfinite(track.mano[frame]).all():
            return None
        points = track.keypoints_px[frame]
        return HandPose(
            track.mano[frame, :3], track.mano[frame, 3:], points.copy() if np.isfinite(points).all() else None
        )
