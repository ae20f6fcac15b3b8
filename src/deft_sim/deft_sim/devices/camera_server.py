"""The twin's camera on a TCP port: raw streams of colour and depth, pushed at the camera's rate.

Protocol, server to client only; one message an exposure:

    4 bytes      length of the header, big-endian
    header       JSON: frame_number (from 1), stamp_s (the sensor's clock at the exposure, seconds since it started),
    fps,
                 color and depth: {width, height, fx, fy, ppx, ppy, coeffs} in pixels,
                 T_color_depth: 16 numbers, row by row, metres
    colour       height x width x 3 bytes, rgb8
    depth        height x width x 2 bytes, z16: little-endian millimetres, 0 where there is none

A client that reads slowly misses exposures; it never gets old ones late. Nothing is rendered while nobody listens.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from deft_core.geometry import Array
from deft_sim.camera.pinhole import D435_COLOR, D435_DEPTH, Pinhole
from deft_sim.camera.sensor import T_COLOR_DEPTH, RawFrame
from deft_sim.errors import PortTaken

_SEND_TIMEOUT_S = 5.0


def intrinsics(pinhole: Pinhole) -> dict[str, object]:
    """Intrinsics as the header carries them."""
    K = pinhole.K
    return {
        "width": pinhole.width,
        "height": pinhole.height,
        "fx": K[0, 0],
        "fy": K[1, 1],
        "ppx": K[0, 2],
        "ppy": K[1, 2],
        "coeffs": [0.0] * 5,
    }


def message(frame: RawFrame, number: int, stamp_s: float, fps: int, T_color_depth: Array = T_COLOR_DEPTH) -> bytes:
    """The bytes of one exposure."""
    header = {
        "frame_number": number,
        "stamp_s": stamp_s,
        "fps": fps,
        "color": intrinsics(D435_COLOR),
        "depth": intrinsics(D435_DEPTH),
        "T_color_depth": T_color_depth.ravel().tolist(),
    }
    text = json.dumps(header).encode()
    return b"".join((struct.pack(">I", len(text)), text, frame.color.tobytes(), frame.depth_mm.astype("<u2").tobytes()))


class CameraServer:
    """Serves exposures from `with` to its end.

    Args:
        expose: takes an exposure; always called on the server's one camera thread.
        finish: called on that thread at the end.
        host, port: where to listen.
        fps: exposures a wall second.

    Raises:
        PortTaken: on entering; names host and port.
    """

    def __init__(
        self, expose: Callable[[], RawFrame], finish: Callable[[], None], host: str, port: int, fps: int
    ) -> None:
        self._expose, self._finish, self._address, self._fps = expose, finish, (host, port), fps
        self._quit = threading.Event()
        self._lock = threading.Condition()
        self._latest: tuple[int, bytes] = (0, b"")
        self._clients: dict[socket.socket, threading.Thread] = {}
        self._threads = [
            threading.Thread(target=self._accept, name="camera-port", daemon=True),
            threading.Thread(target=self._film, name="camera", daemon=True),
        ]
        self.failure = ""
        self.frames = 0

    def __enter__(self) -> Self:
        """Listen and film."""
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setblocking(True)  # whatever default a library set: it waits for its viewers for ever
        try:
            self._listener.bind(self._address)
            self._listener.listen(4)
        except OSError as error:
            self._listener.close()
            raise PortTaken(
                f"cannot serve the camera on {self._address[0]}:{self._address[1]} ({error.strerror}); "
                "if another twin is running, stop it, or set another camera.address in the workcell file"
            ) from error
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection and the port."""
        self._quit.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            senders = list(self._clients.values())
            self._lock.notify_all()
        for thread in (*self._threads, *senders):
            thread.join(timeout=5.0)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on."""
        host, port = self._listener.getsockname()
        return host, port

    def _accept(self) -> None:
        while not self._quit.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.settimeout(_SEND_TIMEOUT_S)
            thread = threading.Thread(target=self._send, args=(client,), name="camera-client", daemon=True)
            with self._lock:
                self._clients[client] = thread
                self._lock.notify_all()
            thread.start()

    def _send(self, client: socket.socket) -> None:
        with client:
            number = self._latest[0]
            while not self._quit.is_set():
                with self._lock:
                    while self._latest[0] <= number and not self._quit.is_set():
                        self._lock.wait()
                    number, data = self._latest
                try:
                    if not self._quit.is_set():
                        client.sendall(data)
                except OSError:
                    break
        with self._lock:
            self._clients.pop(client, None)

    def _film(self) -> None:
        start = due = time.monotonic()
        try:
            while not self._quit.is_set():
                with self._lock:
                    self._lock.wait_for(lambda: bool(self._clients) or self._quit.is_set())
                if self._quit.is_set():
                    break
                stamp_s = time.monotonic() - start
                frame = self._expose()
                self.frames += 1
                data = message(frame, self.frames, stamp_s, self._fps)
                with self._lock:
                    self._latest = (self.frames, data)
                    self._lock.notify_all()
                due = max(due + 1.0 / self._fps, time.monotonic() - 1.0 / self._fps)
                self._quit.wait(max(0.0, due - time.monotonic()))
        except Exception as error:  # a blind camera must say why
            self.failure = f"{type(error).__name__}: {error}"
        finally:
            self._finish()
