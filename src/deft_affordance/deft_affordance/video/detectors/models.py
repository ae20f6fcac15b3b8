"""Detectors that run a network, where its package is installed and its weights are given by path.

Neither package is needed by anything else, and no weights are ever fetched.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from deft_affordance.video.detectors.protocols import Box, Hand, HandSide, Mask, Seen
from deft_affordance.video.errors import SourceUnusable
from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip
from deft_vision.errors import VisionError
from deft_vision.sam import Sam


def need(module: str, package: str, what: str) -> Any:
    """Import a module, or say what to install for what."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise SourceUnusable(f"{what} needs the package {package}: pip install {package}") from None


def need_weights(path: Path, what: str, origin: str) -> Path:
    """A weights file, or where it comes from."""
    if not path.is_file():
        raise SourceUnusable(f"{what}: no file {path}; it comes from {origin}")
    return path


class MediaPipeHands:
    """Hands from MediaPipe's hand landmarker. It does not know what a hand touches, nor sees objects.

    Args:
        model: hand_landmarker.task.
    """

    source = "MediaPipe hand landmarker (hands only)"

    def __init__(self, model: Path) -> None:
        vision = need("mediapipe.tasks.python.vision", "mediapipe", "--hands mediapipe")
        need_weights(model, "MediaPipe's hand landmarker", "developers.google.com/mediapipe/solutions/vision")
        base = need("mediapipe.tasks.python", "mediapipe", "--hands mediapipe").BaseOptions
        options = vision.HandLandmarkerOptions(base_options=base(model_asset_path=str(model)), num_hands=2)
        self._mediapipe = need("mediapipe", "mediapipe", "--hands mediapipe")
        self._landmarker = vision.HandLandmarker.create_from_options(options)

    def detect(self, clip: Clip, frame: int, video: Video) -> Seen | None:
        """Hands of a frame, `touches` unknown."""
        image = np.ascontiguousarray(video.frame(frame))
        wrapped = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=image)
        return seen_from_landmarks(self._landmarker.detect(wrapped), video.size)


def seen_from_landmarks(result: Any, size: tuple[int, int]) -> Seen:
    """Turn a HandLandmarkerResult into hands. Its sides are the subject's own, for images that are not mirrored."""
    hands = []
    for sides, landmarks in zip(result.handedness, result.hand_landmarks, strict=True):
        points = np.array([[mark.x * size[0], mark.y * size[1]] for mark in landmarks])
        low, high = points.min(axis=0), points.max(axis=0)
        side: HandSide = "right" if sides[0].category_name.lower() == "right" else "left"
        hands.append(Hand((low[0], low[1], high[0], high[1]), float(sides[0].score), side, None))
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
            raise SourceUnusable(f"--masks sam: {error}") from None

    def mask(self, clip: Clip, frame: int, video: Video, box: Box) -> Mask | None:
        """The best mask for a box."""
        return self._sam.mask(video.frame(frame), box, key=(video.path, frame))
