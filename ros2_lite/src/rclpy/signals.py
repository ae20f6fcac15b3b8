"""SIGINT and SIGTERM end the contexts.

A Python signal handler runs only when the main thread is back in Python, and that thread may be blocked in C waiting
for messages. So the interpreter's own C handler writes the signal's number to a pipe (`signal.set_wakeup_fd`), and a
thread that reads the pipe ends the contexts, which brings the main thread back.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from enum import IntFlag
from types import FrameType
from typing import Any

from rclpy.context import interrupt_all


class SignalHandlerOptions(IntFlag):
    """Which handlers to install."""

    NO = 0
    SIGINT = 1
    SIGTERM = 2
    ALL = 3


_SIGNALS = {SignalHandlerOptions.SIGINT: signal.SIGINT, SignalHandlerOptions.SIGTERM: signal.SIGTERM}
_lock = threading.RLock()
_current = SignalHandlerOptions.NO
_previous: dict[int, Any] = {}
_ends: tuple[socket.socket, socket.socket] | None = None
_previous_fd = -1


def _handle(signum: int, frame: FrameType | None) -> None:
    # Ending the contexts is the thread's work; here only what was there before us is called.
    previous = _previous.get(signum)
    if callable(previous):
        previous(signum, frame)


def _watch(reader: socket.socket) -> None:
    while True:
        numbers = reader.recv(64)
        if not numbers:
            return
        if _previous_fd >= 0:
            with contextlib.suppress(OSError):
                os.write(_previous_fd, numbers)
        if any(number in _previous for number in numbers):
            interrupt_all()


def install_signal_handlers(options: SignalHandlerOptions = SignalHandlerOptions.ALL) -> None:
    """Install the handlers asked for. Outside the main thread Python allows none, and this does nothing."""
    global _current, _ends, _previous_fd
    options = SignalHandlerOptions(options)
    with _lock:
        if threading.current_thread() is not threading.main_thread():
            return
        for option, number in _SIGNALS.items():
            if options & option and number not in _previous:
                _previous[number] = signal.signal(number, _handle)
        _current |= options
        if _previous and _ends is None:
            _ends = socket.socketpair()
            for end in _ends:
                end.setblocking(end is _ends[0])
            _previous_fd = signal.set_wakeup_fd(_ends[1].fileno(), warn_on_full_buffer=False)
            threading.Thread(target=_watch, args=(_ends[0],), name="ros2_lite signals", daemon=True).start()


def get_current_signal_handlers_options() -> SignalHandlerOptions:
    """Return which handlers are installed."""
    return _current


def uninstall_signal_handlers() -> None:
    """Put back what was there before."""
    global _current, _ends, _previous_fd
    with _lock:
        if threading.current_thread() is not threading.main_thread():
            return
        for number, previous in list(_previous.items()):
            if signal.getsignal(number) is _handle:
                signal.signal(number, signal.SIG_DFL if previous is None else previous)
            del _previous[number]
        _current = SignalHandlerOptions.NO
        if _ends is not None:
            if signal.set_wakeup_fd(-1) != _ends[1].fileno():
                pass  # someone has replaced it since; theirs is gone with ours, as with upstream's handlers
            if _previous_fd >= 0:
                signal.set_wakeup_fd(_previous_fd)
            _previous_fd = -1
            ends, _ends = _ends, None
            ends[1].close()  # the thread reads the end and stops
