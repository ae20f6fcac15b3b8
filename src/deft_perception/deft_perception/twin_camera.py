"""The twin's RGB-D sensor, through a software device of librealsense."""

import contextlib
import json
import socket
import struct
import threading
import time
from typing import Any, Self

import numpy as np
import pyrealsense2 as rs
from numpy.typing import NDArray

from deft_core.errors import WorkcellError
from deft_core.geometry import Array
from deft_core.workcell import CameraSettings
from deft_perception.capture import SLICE_MS, Capture, aligned

# A header larger than this is not one of ours.
_MAX_HEADER = 65536
# What a software device is made with, and does not change.
_FIXED = ("color", "depth", "T_color_depth", "fps")


class SoftwareCamera:
    """A librealsense software device that replays raw colour and depth images pushed into it."""

    def __init__(self, color: dict[str, Any], depth: dict[str, Any], T_color_depth: Array, fps: int) -> None:
        device = rs.software_device()
        self._sensors = {kind: device.add_sensor(name) for kind, name in (("depth", "Stereo Module"), ("color", "RGB"))}
        self._profiles = {
            "depth": self._add("depth", depth, 0, fps, rs.stream.depth, rs.format.z16, 2),
            "color": self._add("color", color, 1, fps, rs.stream.color, rs.format.rgb8, 3),
        }
        self._sensors["depth"].add_read_only_option(rs.option.depth_units, 0.001)
        extrinsics = rs.extrinsics()
        extrinsics.rotation = T_color_depth[:3, :3].T.ravel().tolist()  # librealsense keeps matrices column by column
        extrinsics.translation = T_color_depth[:3, 3].tolist()
        self._profiles["depth"].register_extrinsics_to(self._profiles["color"], extrinsics)
        device.create_matcher(rs.matchers.dlr_c)
        self._syncer, self._align, self._device = rs.syncer(), rs.align(rs.stream.color), device
        for kind, sensor in self._sensors.items():
            sensor.open(self._profiles[kind])
            sensor.start(self._syncer)

    def _add(self, kind: str, intrinsics: dict[str, Any], uid: int, fps: int, stream: Any, fmt: Any, bpp: int) -> Any:
        i = rs.intrinsics()
        i.width, i.height = int(intrinsics["width"]), int(intrinsics["height"])
        i.fx, i.fy, i.ppx, i.ppy = (float(intrinsics[k]) for k in ("fx", "fy", "ppx", "ppy"))
        i.model, i.coeffs = rs.distortion.brown_conrady, [float(c) for c in intrinsics["coeffs"]]
        video = rs.video_stream()
        video.type, video.index, video.uid, video.fmt, video.bpp = stream, 0, uid, fmt, bpp
        video.width, video.height, video.fps, video.intrinsics = i.width, i.height, fps, i
        return self._sensors[kind].add_video_stream(video)

    def push(self, number: int, stamp_ms: float, color: NDArray[np.uint8], depth: NDArray[np.uint16]) -> Capture | None:
        """Feed one pair of raw images (host time); returns the aligned capture once the syncer has matched it."""
        for kind, pixels, bpp in (("depth", depth, 2), ("color", color, 3)):
            frame = rs.software_video_frame()
            frame.pixels, frame.bpp, frame.stride = np.ascontiguousarray(pixels), bpp, pixels.shape[1] * bpp
            frame.timestamp, frame.domain, frame.frame_number = stamp_ms, rs.timestamp_domain.global_time, number
            frame.profile = self._profiles[kind].as_video_stream_profile()
            if kind == "depth":
                frame.depth_units = 0.001
            self._sensors[kind].on_video_frame(frame)
        capture = None
        while capture is None:
            matched, frames = self._syncer.try_wait_for_frames(SLICE_MS)
            if not matched:
                return None
            if frames.size() == 2:
                capture = aligned(frames, self._align)
        return capture

    def close(self) -> None:
        """Stop both sensors."""
        for sensor in self._sensors.values():
            sensor.stop()
            sensor.close()


class TwinCamera:
    """The twin's RGB-D sensor over loopback TCP, through a librealsense software device.

    Each message from the twin: 4 bytes header length (big-endian), a JSON header (`frame_number`, `stamp_s`, `fps`,
    `color` and `depth` with width, height, fx, fy, ppx, ppy, coeffs; `T_color_depth`, 16 numbers row by row), then
    raw rgb8 and raw z16 (millimetres, little-endian) pixels.
    """

    def __init__(self, settings: CameraSettings) -> None:
        host, _, port = settings.address.rpartition(":")
        if not host or not port.isdigit():
            raise WorkcellError(f"camera.address {settings.address!r} is not HOST:PORT")
        self._address, self._timeout = (host, int(port)), settings.timeout_s
        self._socket: socket.socket | None = None
        self._camera: SoftwareCamera | None = None
        self._made_with: dict[str, Any] = {}
        # Host time less sensor time; the least seen has the least delay on the way in it. So does librealsense's global
        # time for a USB camera.
        self._clock_offset_s = np.inf
        self._interrupted = threading.Event()

    def __enter__(self) -> Self:
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                self._socket = socket.create_connection(self._address, timeout=self._timeout)
                return self
            except OSError as error:
                if time.monotonic() > deadline or self._interrupted.wait(0.05):
                    raise WorkcellError(
                        f"no twin camera at {self._address[0]}:{self._address[1]} after {self._timeout} s: {error}"
                    ) from error

    def wait(self) -> Capture:
        """The next capture."""
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            capture = self._push(*self._receive())
            if capture is not None:
                return capture
        raise WorkcellError(f"the twin's camera delivered no colour with depth for {self._timeout} s")

    def _push(self, header: dict[str, Any], color: NDArray[np.uint8], depth: NDArray[np.uint16]) -> Capture | None:
        try:
            stamp, number = float(header["stamp_s"]), int(header["frame_number"])
            fixed = {name: header[name] for name in _FIXED}
            if self._camera is None:
                T = np.array(fixed["T_color_depth"], dtype=float).reshape(4, 4)
                self._camera = SoftwareCamera(fixed["color"], fixed["depth"], T, int(fixed["fps"]))
                self._made_with = fixed
        except (ValueError, KeyError, TypeError) as error:
            raise WorkcellError(f"the twin's camera sent a header that cannot be read: {error!r}") from error
        if fixed != self._made_with:
            # librealsense would read images of the first size from buffers of another.
            changed = ", ".join(name for name in _FIXED if fixed[name] != self._made_with[name])
            raise WorkcellError(f"the twin's camera changed {changed} while it was filming: connect to it anew")
        self._clock_offset_s = min(self._clock_offset_s, time.time() - stamp)
        return self._camera.push(number, 1000.0 * (stamp + self._clock_offset_s), color, depth)

    def _receive(self) -> tuple[dict[str, Any], NDArray[np.uint8], NDArray[np.uint16]]:
        (size,) = struct.unpack(">I", self._read(4))
        if size > _MAX_HEADER:
            raise WorkcellError(f"the twin's camera sent a header of {size} bytes: this is not a twin camera")
        try:
            header = json.loads(self._read(size))
            ch, cw = int(header["color"]["height"]), int(header["color"]["width"])
            dh, dw = int(header["depth"]["height"]), int(header["depth"]["width"])
        except (ValueError, KeyError, TypeError) as error:
            raise WorkcellError(f"the twin's camera sent a header that cannot be read: {error}") from error
        if not (0 < ch <= 2160 and 0 < cw <= 3840 and 0 < dh <= 2160 and 0 < dw <= 3840):
            raise WorkcellError(f"the twin's camera sent images of {cw}x{ch} and {dw}x{dh}")
        color = np.frombuffer(self._read(ch * cw * 3), np.uint8).reshape(ch, cw, 3)
        depth = np.frombuffer(self._read(dh * dw * 2), "<u2").reshape(dh, dw)
        return header, color, depth

    def _read(self, size: int) -> bytearray:
        if self._socket is None:
            raise WorkcellError("the camera is not started")
        data, got = bytearray(size), 0
        view = memoryview(data)
        while got < size:
            if self._interrupted.is_set():
                raise WorkcellError("the camera was interrupted")
            try:
                n = self._socket.recv_into(view[got:])
            except TimeoutError as error:
                raise WorkcellError(f"the twin's camera delivered nothing for {self._timeout} s") from error
            except OSError as error:
                raise WorkcellError(f"the connection to the twin's camera broke: {error}") from error
            if n == 0:
                raise WorkcellError("the twin's camera closed the connection")
            got += n
        return data

    def interrupt(self) -> None:
        """End the filming, from any thread."""
        self._interrupted.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):  # the twin may have left
                self._socket.shutdown(socket.SHUT_RDWR)

    def __exit__(self, *exc: object) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._camera is not None:
            self._camera.close()
