"""What a camera is, and one of its captures, as librealsense aligns it."""

import time
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import pyrealsense2 as rs
from numpy.typing import NDArray

from deft_core.geometry import Array

# How long librealsense waits for frames before a wait may notice that it was interrupted, milliseconds.
SLICE_MS = 200


@dataclass(frozen=True, eq=False)
class Capture:
    """Colour (H, W, 3) uint8 RGB, depth (H, W) uint16 millimetres aligned to it, intrinsics, host seconds."""

    color: NDArray[np.uint8]
    depth_mm: NDArray[np.uint16]
    K: Array
    distortion: Array
    stamp_s: float


class Camera(Protocol):
    """A started camera; use it as a context manager."""

    def wait(self) -> Capture:
        """The next capture; raises `WorkcellError` when none comes in time."""
        ...

    def interrupt(self) -> None:
        """End the filming, from any thread: the wait that is under way, and any later one, raises `WorkcellError`."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


def aligned(frames: rs.composite_frame, align: rs.align) -> Capture | None:
    """What librealsense matched, depth brought to colour; None where one of the two is missing."""
    both = align.process(frames)
    color, depth = both.get_color_frame(), both.get_depth_frame()
    if not color or not depth:
        return None
    i = color.profile.as_video_stream_profile().get_intrinsics()
    pixels = np.asanyarray(depth.get_data())
    to_mm = depth.get_units() * 1000.0
    depth_mm = pixels.copy() if abs(to_mm - 1.0) < 1e-6 else np.round(pixels * to_mm).clip(0, 65535).astype(np.uint16)
    K = np.array([[i.fx, 0, i.ppx], [0, i.fy, i.ppy], [0, 0, 1.0]])
    on_host_clock = color.get_frame_timestamp_domain() != rs.timestamp_domain.hardware_clock
    stamp = color.get_timestamp() * 1e-3 if on_host_clock else time.time()
    return Capture(np.asanyarray(color.get_data()).copy(), depth_mm, K, np.array(i.coeffs, dtype=float), stamp)
