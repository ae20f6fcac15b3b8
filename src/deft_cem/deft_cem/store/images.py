"""Images of a run as PNG files: written beside the robot's motion, on disk before the episode is recorded."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_cem.errors import RecordError
from deft_core.observation import RGBDFrame

# 640x480, both lossless. Sensor noise leaves no repetitions to search a colour image for: Huffman codes of differences
# take 5.5 ms for 4 % more bytes than zlib's level 1, which takes 9. Depth at level 1 takes 3 ms.
_COLOR_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
_DEPTH_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT]
if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # OpenCV 4.12 and newer
    _COLOR_PNG += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_SUB]
    _DEPTH_PNG += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP]


@dataclass(frozen=True)
class Writing:
    """A capture on its way to disk: its files by what they show."""

    files: dict[str, Future[str]]

    def result(self, timeout_s: float | None = None) -> dict[str, str]:
        """Wait until all are on disk; {"color": path, "depth": path}, relative to the run folder.

        Raises:
            RecordError, OSError: One could not be written.
        """
        return {what: file.result(timeout_s) for what, file in self.files.items()}


class ImageWriter:
    """Writes captures into `folder/images` in the background, colour beside depth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "images").mkdir(exist_ok=True)
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="images")

    def submit(self, frame: RGBDFrame, stem: str) -> Writing:
        """Start writing a capture's colour and depth.

        Args:
            frame: What to write.
            stem: File name without the parts `_color.png`, `_depth.png`.
        """
        color, depth = f"images/{stem}_color.png", f"images/{stem}_depth.png"
        return Writing(
            {
                "color": self._pool.submit(self._put_color, frame.color, color),
                "depth": self._pool.submit(self._put, frame.depth_mm, depth, _DEPTH_PNG),
            }
        )

    def _put_color(self, rgb: NDArray[np.uint8], name: str) -> str:
        return self._put(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), dtype=np.uint8), name, _COLOR_PNG)

    def _put(self, image: NDArray[np.uint8] | NDArray[np.uint16], name: str, parameters: list[int]) -> str:
        ok, data = cv2.imencode(".png", image, parameters)
        if not ok:
            raise RecordError(f"cannot encode {name} ({image.shape} {image.dtype})")
        path = self.folder / name
        temporary = path.with_suffix(".part")
        with temporary.open("wb") as file:
            file.write(data.tobytes())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        return name

    def close(self) -> None:
        """Finish what is being written and stop the threads."""
        self._pool.shutdown()


class NoImages(ImageWriter):
    """Keeps no captures: for studies of thousands of tries, which are judged by physics."""

    def __init__(self) -> None:
        pass

    def submit(self, frame: RGBDFrame, stem: str) -> Writing:
        """Write nothing."""
        return Writing({})

    def close(self) -> None:
        """There is nothing to finish."""


def read_color(path: Path) -> NDArray[np.uint8]:
    """Read a colour image of a run as (H, W, 3) RGB."""
    return np.asarray(cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), dtype=np.uint8)


def read_depth_mm(path: Path) -> NDArray[np.uint16]:
    """Read a depth image of a run as (H, W) millimetres."""
    return np.asarray(_read(path, cv2.IMREAD_UNCHANGED), dtype=np.uint16)


def _read(path: Path, flags: int) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise RecordError(f"{path} is missing or is not an image")
    return np.asarray(image)
