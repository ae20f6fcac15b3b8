"""Detectors that run a network, where its package is installed and its weights are given by path.

Neither package is needed by anything else, and no weights are ever fetched.
"""

from __future__ import annotations

import importlib
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from deft_affordance.video.detectors.hush import hushed
from deft_affordance.video.detectors.protocols import Box, Hand, HandSide, Mask, Seen
from deft_affordance.video.errors import SourceUnusable
from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip
from deft_vision.errors import VisionError
from deft_vision.sam import Sam

MODEL_PAGE = "developers.google.com/mediapipe/solutions/vision/hand_landmarker"
# Landmarks are the middles of joints and fingertips. On a photographed hand its outline lies this much further out, of
# the longer side of the box around them (4 to 13 % by side).
OUTLINE = 0.1


def _need(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # OSError: of the libraries that it loads, one is missing
        raise SourceUnusable(
            "--landmarker needs MediaPipe: pip install --no-deps mediapipe (what it depends on is here, but for an "
            f"OpenCV 5 that would take the place of ours) ({error})"
        ) from None


class MediaPipeHands:
    """Hands from MediaPipe's hand landmarker. It does not know what a hand touches, nor sees objects.

    It follows hands from frame to frame (its running mode VIDEO): looking at each frame anew, it loses some hands and
    takes some right ones for left. So it begins anew with each clip, and frames are best asked for in their order.

    Args:
        model: hand_landmarker.task.

    Raises:
        SourceUnusable: MediaPipe is not installed, or there is no file, or MediaPipe cannot use it.
    """

    source = "MediaPipe hand landmarker (hands only), following"
    _told = False

    def __init__(self, model: Path) -> None:
        self._vision = _need("mediapipe.tasks.python.vision")
        self._python = _need("mediapipe.tasks.python")
        self._mediapipe = _need("mediapipe")
        if not model.is_file():
            raise SourceUnusable(f"--landmarker: no file {model}; hand_landmarker.task comes from {MODEL_PAGE}")
        self._model = model
        self._close: Callable[[], object] = lambda: None
        self._begin()  # a file that is no model is told now

    def _begin(self, of: object = None) -> None:
        """Forget all hands. `of`: what the frames to come are of."""
        self._close()
        self._of, self._seen, self._last = of, dict[int, Seen](), -1
        options = self._vision.HandLandmarkerOptions(
            base_options=self._python.BaseOptions(model_asset_path=str(self._model)),
            running_mode=self._vision.RunningMode.VIDEO,
            num_hands=2,
        )
        try:
            with hushed():
                self._landmarker = self._vision.HandLandmarker.create_from_options(options)
        except Exception as error:  # RuntimeError, FileNotFoundError, ValueError, OSError for a library: as versions go
            raise SourceUnusable(
                f"--landmarker {self._model}: MediaPipe cannot use it ({error}); hand_landmarker.task comes from "
                f"{MODEL_PAGE}"
            ) from None
        # Left to the interpreter's end, closing itself fails, with a traceback.
        self._close = weakref.finalize(self, _close, self._landmarker)

    def detect(self, clip: Clip, frame: int, video: Video) -> Seen | None:
        """Hands of a frame, `touches` unknown."""
        if self._of != (video, clip.clip_id) or (frame <= self._last and frame not in self._seen):
            self._begin((video, clip.clip_id))
        if frame not in self._seen:
            wrapped = self._mediapipe.Image(
                image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(video.frame(frame))
            )
            # Its notices come once a process: with the model, the first frame and the first hand.
            with nullcontext() if MediaPipeHands._told else hushed():
                result = self._landmarker.detect_for_video(wrapped, round(1000 * frame / clip.fps))
            MediaPipeHands._told = MediaPipeHands._told or bool(result.hand_landmarks)
            self._seen[frame], self._last = seen_from_landmarks(result, video.size), frame
        return self._seen[frame]


def _close(landmarker: Any) -> None:
    with hushed():
        landmarker.close()


def seen_from_landmarks(result: Any, size: tuple[int, int]) -> Seen:
    """Turn a HandLandmarkerResult into hands.

    Its sides are the subject's own, for images that are not mirrored: so the Tasks interface names them, the other way
    round than MediaPipe's older `solutions.hands`, which takes images as mirrored.
    """
    hands = []
    for sides, landmarks in zip(result.handedness, result.hand_landmarks, strict=True):
        points = np.array([[mark.x * size[0], mark.y * size[1]] for mark in landmarks])
        low, high = points.min(axis=0), points.max(axis=0)
        margin = OUTLINE * (high - low).max()
        (x0, y0), (x1, y1) = np.maximum(low - margin, 0.0), np.minimum(high + margin, size)
        side: HandSide = "right" if sides[0].category_name.lower() == "right" else "left"
        hands.append(Hand((float(x0), float(y0), float(x1), float(y1)), float(sides[0].score), side, None))
    return Seen(tuple(hands), ())


class SamMasks:
    """Object masks from Segment Anything, prompted with the detected box.

    Args:
        checkpoint: sam_vit_h_4b8939.pth or another; the name must say which size it is.
    """

    source = "Segment Anything, box prompt"

    def __init__(self, checkpoint: Path, device: str = "cpu") -> None:
        try:
            self._sam = Sam(checkpoint, device)
        except VisionError as error:
            raise SourceUnusable(f"--sam: {error}") from None

    def mask(self, clip: Clip, frame: int, video: Video, box: Box) -> Mask | None:
        """The best mask for a box."""
        return self._sam.mask(video.frame(frame), box, key=(video.path, frame))
