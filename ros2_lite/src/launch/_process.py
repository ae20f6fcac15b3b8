"""Start processes so that none of them can outlive the launch.

Each process leads a process group of its own, so that it can be ended together with what it starts. The kernel sends it
SIGINT when this process dies (PR_SET_PDEATHSIG, on Linux), and a guardian process, which notices by the end of a pipe,
then escalates. On an ordinary end, `end_all` ends what processes left behind in their groups.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import fcntl
import logging
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence

PATIENCE_S = 5.0  # as the defaults of sigterm_timeout and sigkill_timeout
_PR_SET_PDEATHSIG = 1
# How long to wait for the last output of a process that ended; one that it left behind may keep the pipe open.
_LAST_OUTPUT_S = 0.1

_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None


class _Guardian:
    """The guardian process: started with the first process group, ended with this process."""

    def __init__(self) -> None:
        self.groups: dict[int, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def add(self, group: int, name: str) -> None:
        self.groups[group] = name
        if self._process is None:
            program = os.path.join(os.path.dirname(__file__), "_guardian.py")
            with contextlib.suppress(OSError):
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", program],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,
                )
                atexit.register(self.close)
        self._tell(b"+%d\n" % group)

    def discard(self, group: int) -> None:
        if self.groups.pop(group, None) is not None:
            self._tell(b"-%d\n" % group)

    def _tell(self, line: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(line)
                self._process.stdin.flush()

    def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            if not self.groups:
                self._process.wait()


_guardian = _Guardian()


def group_is_alive(group: int) -> bool:
    """Return whether a process group has a member that is not a zombie."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    if not os.path.isdir("/proc/self"):
        return True
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in (b"Z", b"X"):
            return True
    return False


async def end_all(logger: logging.Logger) -> None:
    """End what is left in the groups of the processes, with SIGTERM and then SIGKILL."""
    _forget_empty_groups()
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        if not _guardian.groups:
            break
        names = ", ".join(f"'{name}'" for name in _guardian.groups.values())
        logger.warning("sending %s to what %s left behind", signal_number.name, names)
        for group in _guardian.groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal_number)
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while _guardian.groups and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
            _forget_empty_groups()


def _forget_empty_groups() -> None:
    for group in list(_guardian.groups):
        if not group_is_alive(group):
            _guardian.discard(group)


class Process(asyncio.SubprocessProtocol):
    """A running process."""

    def __init__(self, name: str, on_start: Callable[[Process], None], on_output: Callable[[int, bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        self.pid = -1
        self.ended: asyncio.Future[int] = loop.create_future()
        self._name = name
        self._on_start = on_start
        self._on_output = on_output
        self._closed: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.SubprocessTransport | None = None
        self._terminals: list[asyncio.ReadTransport] = []
        self._open_terminals = 0
        self._pipes_closed = False

    # asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport
        pid = transport.get_pid()
        assert pid is not None
        self.pid = pid
        _guardian.add(pid, self._name)
        self._on_start(self)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Pass on output."""
        self._on_output(fd, data)

    def process_exited(self) -> None:
        """Note that the process is gone, and whether it left a group behind."""
        if not group_is_alive(self.pid):
            _guardian.discard(self.pid)
        asyncio.get_running_loop().create_task(self._finish())

    async def _finish(self) -> None:
        await asyncio.wait({self._closed}, timeout=_LAST_OUTPUT_S)
        assert self._transport is not None
        if not self.ended.done():
            self.ended.set_result(self._transport.get_returncode() or 0)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that all pipes are closed."""
        self._pipes_closed = True
        self._check_closed()

    def terminal_closed(self) -> None:
        """Note that a pseudo terminal is closed."""
        self._open_terminals -= 1
        self._check_closed()

    def _check_closed(self) -> None:
        if self._pipes_closed and self._open_terminals <= 0 and not self._closed.done():
            self._closed.set_result(None)

    # For the action

    async def read_terminal(self, master: int, fd: int) -> None:
        """Read what the process writes to a pseudo terminal."""
        self._open_terminals += 1
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: _TerminalReader(self, fd), os.fdopen(master, "rb", buffering=0)
        )
        self._terminals.append(transport)

    @property
    def returncode(self) -> int | None:
        """Exit code, or None while the process runs."""
        return None if self._transport is None else self._transport.get_returncode()

    def send_signal(self, signal_number: int) -> None:
        """Send a signal to the process.

        Raises:
            ProcessLookupError: it has ended.
        """
        if self._transport is None or self._transport.get_returncode() is not None:
            raise ProcessLookupError(self.pid)
        self._transport.send_signal(signal_number)

    def signal_group(self, signal_number: int) -> None:
        """Send a signal to the process and what it started in its group.

        Raises:
            ProcessLookupError: it has ended.
        """
        if self._transport is None or self._transport.get_returncode() is not None:
            raise ProcessLookupError(self.pid)
        os.killpg(self.pid, signal_number)

    def close(self) -> None:
        """Release pipes and terminals."""
        for terminal in self._terminals:
            terminal.close()
        if self._transport is not None:
            self._transport.close()


class _TerminalReader(asyncio.Protocol):
    def __init__(self, process: Process, fd: int) -> None:
        self._process = process
        self._fd = fd

    def data_received(self, data: bytes) -> None:
        # What a terminal driver makes of the ends of lines is of no interest.
        self._process.pipe_data_received(self._fd, data.replace(b"\r\n", b"\n"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._process.terminal_closed()


def _tie_to_parent() -> Callable[[], None] | None:
    if _libc is None:
        return None
    prctl, parent = _libc.prctl, os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return tie


def _open_terminal() -> tuple[int, int]:
    """Open a pseudo terminal, as wide as the one that the launch writes to."""
    master, slave = pty.openpty()
    columns, lines = shutil.get_terminal_size()
    with contextlib.suppress(OSError):
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    return master, slave


async def start(
    name: str,
    cmd: Sequence[str],
    *,
    cwd: str | None,
    env: Mapping[str, str] | None,
    shell: bool,
    emulate_tty: bool,
    on_start: Callable[[Process], None],
    on_output: Callable[[int, bytes], None],
) -> Process:
    """Start a process.

    Args:
        name: for messages.
        cmd: command line; joined with blanks for a shell.
        cwd: working directory.
        env: environment.
        shell: let a shell read the command line.
        emulate_tty: give it pseudo terminals for standard output and standard error.
        on_start: called with the process, before any output.
        on_output: called with 1 (output) or 2 (error) and what the process wrote.

    Raises:
        OSError: it could not be started.
    """
    loop = asyncio.get_running_loop()
    terminals = [_open_terminal(), _open_terminal()] if emulate_tty else []
    options = {
        "stdin": subprocess.PIPE,
        "stdout": terminals[0][1] if terminals else subprocess.PIPE,
        "stderr": terminals[1][1] if terminals else subprocess.PIPE,
        "cwd": cwd,
        "env": env,
        "process_group": 0,
        "preexec_fn": _tie_to_parent(),
    }
    try:
        if shell:
            _, process = await loop.subprocess_shell(
                lambda: Process(name, on_start, on_output),
                " ".join(cmd),
                **options,  # type: ignore[arg-type]
            )
        else:
            _, process = await loop.subprocess_exec(
                lambda: Process(name, on_start, on_output),
                *cmd,
                **options,  # type: ignore[arg-type]
            )
    except BaseException:
        for master, _slave in terminals:
            os.close(master)
        raise
    finally:
        for _master, slave in terminals:
            os.close(slave)
    for fd, (master, _slave) in enumerate(terminals, start=1):
        await process.read_terminal(master, fd)
    return process
