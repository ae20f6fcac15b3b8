"""Frames of a video file, by number; what cannot be decoded rejects the clip."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from types import TracebackType

# The decoder's own complaints would fill the screen; ours says what matters.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_affordance.video.errors import ClipRejected, Reason

# 4.11, which ROS 2 Jazzy's numpy needs, has in cv2 itself what is in cv2.utils.logging since; 2 is errors only.
getattr(cv2.utils, "logging", cv2).setLogLevel(2)

# Beyond this many frames ahead, jumping to a key frame is quicker than decoding what lies between.
READ_ON = 60
KEEP = 16
# A picture further from its frame's time than this is another's: of a film that is damaged the decoder shows what comes
# next, or the last that it could decode. (What films whose rate is not quite steady are off by is less.)
OFF_S = 0.25

Image = NDArray[np.uint8]


class Video:
    """An open video; use it in a `with`.

    Args:
        path: the file.

    Raises:
        ClipRejected: it cannot be opened (here) or a frame not be decoded (`frame`).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        self._next = 0
        self._kept: OrderedDict[int, Image] = OrderedDict()
        self.frames = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)) if self._capture.isOpened() else 0
        if self.frames < 1:
            self._capture.release()
            raise ClipRejected(Reason.CORRUPT_VIDEO, f"{path}: no video that can be opened; fetch it again")
        self.size = (
            int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        self.fps = float(self._capture.get(cv2.CAP_PROP_FPS))

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.release()

    def frame(self, index: int) -> Image:
        """Frame `index` (from 0) as (H, W, 3) RGB."""
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        if not 0 <= index < self.frames:
            raise ClipRejected(
                Reason.CORRUPT_VIDEO,
                f"{self.path}: has {self.frames} frames, the annotation asks for frame {index}: cut short?",
            )
        if not self._next <= index <= self._next + READ_ON:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, index)
            self._next = index
        while self._next < index:
            self._capture.grab()
            self._next += 1
        fine, image = self._capture.read()
        self._next += 1
        if not fine or image is None or image.ndim != 3:
            self._next = -READ_ON - 2  # wherever it stands now
            raise ClipRejected(Reason.CORRUPT_VIDEO, f"{self.path}: frame {index} cannot be decoded; fetch it again")
        at = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        if self.fps > 0 and abs(at - index / self.fps) > OFF_S:
            self._next = -READ_ON - 2
            raise ClipRejected(
                Reason.CORRUPT_VIDEO,
                f"{self.path}: frame {index} is due at {index / self.fps:.2f} s, the next that can be decoded is of "
                f"{at:.2f} s: damaged or cut short (fetch it again), or of no steady rate",
            )
        rgb = np.asarray(image[..., ::-1], dtype=np.uint8)
        self._kept[index] = rgb
        if len(self._kept) > KEEP:
            self._kept.popitem(last=False)
        return rgb
