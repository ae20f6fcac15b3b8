"""Images of a run as PNG files: written beside the robot's motion, on disk before the episode is recorded."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_cem.errors import RecordError
from deft_core.observation import RGBDFrame

# zlib level 1 without row filters: 9 ms for 640x480 colour and 3 ms for depth, where the defaults take three times as
# long for files of much the same size.
PNG_PARAMETERS = [cv2.IMWRITE_PNG_COMPRESSION, 1]
if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # OpenCV 4.12 and newer
    PNG_PARAMETERS += [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]


class ImageWriter:
    """Writes captures into `folder/images` on one background thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "images").mkdir(exist_ok=True)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="images")

    def submit(self, frame: RGBDFrame, stem: str) -> Future[dict[str, str]]:
        """Start writing a capture's colour and depth.

        Args:
            frame: What to write.
            stem: File name without the parts `_color.png`, `_depth.png`.

        Returns:
            A future of {"color": path, "depth": path}, relative to the run folder, once both are on disk.
        """
        return self._pool.submit(self._write, frame, stem)

    def _write(self, frame: RGBDFrame, stem: str) -> dict[str, str]:
        color = cv2.cvtColor(frame.color, cv2.COLOR_RGB2BGR)
        return {
            "color": self._put(np.asarray(color, dtype=np.uint8), f"images/{stem}_color.png"),
            "depth": self._put(frame.depth_mm, f"images/{stem}_depth.png"),
        }

    def _put(self, image: NDArray[np.uint8] | NDArray[np.uint16], name: str) -> str:
        ok, data = cv2.imencode(".png", image, PNG_PARAMETERS)
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
        """Finish what is being written and stop the thread."""
        self._pool.shutdown()


class NoImages(ImageWriter):
    """Keeps no captures: for studies of thousands of tries, which are judged by physics."""

    def __init__(self) -> None:
        pass

    def submit(self, frame: RGBDFrame, stem: str) -> Future[dict[str, str]]:
        """Write nothing."""
        nothing: Future[dict[str, str]] = Future()
        nothing.set_result({})
        return nothing

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
