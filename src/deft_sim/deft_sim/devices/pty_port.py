"""A serial port that is not there: one end of a pseudo-terminal under a stable name, served on a thread."""

import fcntl
import os
import select
import termios
import threading
import time
import tty
from pathlib import Path
from types import TracebackType
from typing import Self

from deft_sim.devices.dynamixel_bus import DynamixelBus, Reply
from deft_sim.devices.dynamixel_protocol import PacketParser
from deft_sim.devices.faults import Wire

_BAUD = {
    getattr(termios, f"B{rate}"): rate
    for rate in (9600, 57600, 115200, 1_000_000, 2_000_000, 3_000_000, 4_000_000)
    if hasattr(termios, f"B{rate}")
}


class PortTaken(OSError):
    """The name for the port is in use, or is something else."""


class PtyPort:
    """Serves a bus on a pty that clients open by `link`, from `with` to its end.

    The name is held by a lock that dies with the process, so a killed run leaves nothing in the way.

    Raises:
        PortTaken: another process serves this name, or a file that is no link of ours stands there.
    """

    def __init__(self, bus: DynamixelBus, link: Path | str, wire: Wire) -> None:
        self.link = Path(link)
        self.wire = wire
        self._bus = bus
        self._parser = PacketParser()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Open the port and serve it."""
        self._lock_fd = self._take_name()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._quit_read, self._quit_write = os.pipe()
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))
        self._thread = threading.Thread(target=self._serve, name="dynamixel-bus", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port and free its name."""
        os.write(self._quit_write, b"q")
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        self.link.unlink(missing_ok=True)
        for fd in (self._master, self._slave, self._quit_read, self._quit_write, self._lock_fd):
            os.close(fd)

    def _take_name(self) -> int:
        self.link.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(f"{self.link}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            raise PortTaken(f"{self.link} is served by another process; stop it or choose another port name") from None
        if os.path.lexists(self.link) and not self.link.is_symlink():
            os.close(fd)
            raise PortTaken(f"{self.link} exists and is not a link to a pty; remove it or choose another port name")
        return fd

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._quit_read], [], [])
            if self._quit_read in ready:
                return
            try:
                data = os.read(self._master, 4096)
            except BlockingIOError:
                continue
            except OSError:
                return
            rate = _BAUD.get(termios.tcgetattr(self._master)[5])
            for packet in self._parser.feed(data):
                self._answer(self._bus.handle(packet, rate))

    def _answer(self, replies: list[Reply]) -> None:
        """Send status packets, those that are not late in one piece: each piece is a system call."""
        ready = b""
        for reply, wait_s in replies:
            data, late_s = self.wire.pass_through(reply)
            if wait_s + late_s > 0.0:
                self._send(ready, 0.0)
                self._send(data, wait_s + late_s)
                ready = b""
            else:
                ready += data
        self._send(ready, 0.0)

    def _send(self, data: bytes, delay_s: float) -> None:
        if delay_s:
            time.sleep(delay_s)
        while data:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                # The client does not read: a serial line would drop the bytes.
                _, writable, _ = select.select([], [self._master], [], 0.05)
                if not writable:
                    return
            except OSError:
                return
