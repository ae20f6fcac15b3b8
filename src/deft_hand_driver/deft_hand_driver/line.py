"""The serial port under the hand's bus: held by one program, lent for one exchange at a time.

SDK calls made: PortHandler.openPort, setBaudRate, getBytesAvailable, readPort, closePort.
"""

import contextlib
import fcntl
import os
import termios
import time
from collections.abc import Iterator

import dynamixel_sdk as sdk

from deft_driver.faults import DeviceFault

# A read that finds nothing ends after this long instead of spinning on the processor.
_POLL_S = 0.002
# After a lost exchange the wire is listened to until it has been quiet for this long, at most that long.
_QUIET_S, _DRAIN_S = 0.02, 0.2


class SerialLine:
    """One serial port. Not thread-safe: one thread at a time.

    Attributes:
        late: whether an answer may still be on its way; set it after a lost exchange.
        gone: why the port cannot be used any more; empty while it can.
    """

    def __init__(self, port: str, baud: int) -> None:
        self._port, self._baud = port, baud
        self.late = False
        self.gone = ""
        self._handler: sdk.PortHandler | None = None
        self._lock_fd = -1

    def open(self) -> str:
        """Take the port and open it; returns why it could not, or nothing."""
        try:
            self._take()
            handler = sdk.PortHandler(self._port)
            if not (handler.openPort() and handler.setBaudRate(self._baud)):
                self._release()
                return f"the port does not take {self._baud} baud"
            handler.ser.timeout = _POLL_S
        except (OSError, ValueError) as error:
            self._release()
            return str(error)
        self._handler = handler
        return ""

    def close(self) -> None:
        """Let go of the port."""
        if self._handler is not None:
            with contextlib.suppress(Exception):
                self._handler.closePort()
            self._handler = None
        self._release()

    @contextlib.contextmanager
    def lend(self) -> Iterator[sdk.PortHandler]:
        """Lend the open port; an error of the operating system on it means that it was unplugged."""
        if self._handler is None:
            raise DeviceFault(f"the port {self._port} is not open")
        try:
            if self.late:
                self._drain(self._handler)
            yield self._handler
        except (OSError, termios.error) as error:
            self.gone = f"the port {self._port} is gone ({error}); plug it in and start again"
            raise DeviceFault(self.gone) from None

    def _take(self) -> None:
        """Hold the port against a second driver; the kernel lets go of it when this process ends."""
        self._lock_fd = os.open(self._port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OSError(f"{self._port} is in use by another program") from None

    def _release(self) -> None:
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def _drain(self, port: sdk.PortHandler) -> None:
        """Let a late answer arrive and throw it away: the SDK would take it for the answer to the next request."""
        end, quiet = time.monotonic() + _DRAIN_S, time.monotonic() + _QUIET_S
        while time.monotonic() < min(end, quiet):
            if waiting := port.getBytesAvailable():
                port.readPort(waiting)
                quiet = time.monotonic() + _QUIET_S
            time.sleep(_POLL_S)
        self.late = False
