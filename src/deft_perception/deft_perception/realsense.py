"""An Intel RealSense on USB."""

import contextlib
import threading
import time
from typing import Self

import pyrealsense2 as rs

from deft_core.errors import WorkcellError
from deft_core.workcell import CameraSettings
from deft_perception.capture import SLICE_MS, Capture, aligned


class RealSenseCamera:
    """An Intel RealSense on USB."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings
        self._pipeline, self._align = rs.pipeline(), rs.align(rs.stream.color)
        self._interrupted = threading.Event()

    def __enter__(self) -> Self:
        s, config = self._settings, rs.config()
        if s.serial:
            config.enable_device(s.serial)
        config.enable_stream(rs.stream.depth, s.width, s.height, rs.format.z16, s.fps)
        config.enable_stream(rs.stream.color, s.width, s.height, rs.format.rgb8, s.fps)
        try:
            self._pipeline.start(config)
        except RuntimeError as error:
            raise WorkcellError(
                f"RealSense {s.serial or '(first found)'} does not start at {s.width}x{s.height}, {s.fps} Hz: {error}; "
                "is it plugged into a USB 3 port, and is its serial number right in the workcell file?"
            ) from error
        return self

    def wait(self) -> Capture:
        """The next synchronised, aligned capture."""
        deadline = time.monotonic() + self._settings.timeout_s
        came = False
        while time.monotonic() < deadline and not self._interrupted.is_set():
            try:
                came_now, frames = self._pipeline.try_wait_for_frames(SLICE_MS)
                capture = aligned(frames, self._align) if came_now else None
            except RuntimeError as error:  # also after a camera that was unplugged could not be started again
                raise WorkcellError(f"the camera is lost: {error}; is its USB plug in?") from error
            if capture is not None:
                return capture
            came = came or came_now
        if self._interrupted.is_set():
            raise WorkcellError("the camera was interrupted")
        what = "no colour with depth" if came else "nothing"
        raise WorkcellError(f"the camera delivered {what} for {self._settings.timeout_s} s")

    def interrupt(self) -> None:
        """End the filming, from any thread."""
        self._interrupted.set()

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(RuntimeError):  # one that is lost runs no more
            self._pipeline.stop()
