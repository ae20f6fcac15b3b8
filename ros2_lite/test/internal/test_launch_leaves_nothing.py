"""Whatever ends `ros2 launch`, nothing that it started is left running.

Here ROS 2 differs: SIGTERM leaves its processes behind, SIGHUP and SIGKILL do too.
"""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEADLINE_S = 30
LAUNCH_FILE = """
import sys
from launch import LaunchDescription
from launch.actions import ExecuteProcess

def python(code, **options):
    return ExecuteProcess(cmd=[sys.executable, "-c", code, {mark!r}], output="screen", **options)

STUBBORN = "import signal; [signal.signal(s, signal.SIG_IGN) for s in (1, 2, 15)]\\n"
UP = "print('up', flush=True)\\n"
WAIT = "import signal\\nwhile True: signal.pause()\\n"
PAUSE = "import signal; signal.pause()"
CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {PAUSE!r}, sys.argv[1]])\\n"

def generate_launch_description():
    return LaunchDescription([
        python(UP + WAIT),
        python(CHILD + UP + WAIT),
        ExecuteProcess(cmd=[sys.executable + " -c 'import signal; signal.pause()' {mark} & echo up; wait"], shell=True,
                       output="screen"),
        python(UP + WAIT, emulate_tty=True),
        python(STUBBORN + UP + WAIT, sigterm_timeout="0.2", sigkill_timeout="0.2"),
    ])
"""
PROCESSES = 5
_KILLED = pytest.param(signal.SIGKILL, -9, marks=pytest.mark.slow)


def marked(mark):
    """Return the ids of the processes that have a mark in their command lines or are their guardian."""
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and mark.encode() in Path(f"/proc/{entry}/cmdline").read_bytes():
                found.append(int(entry))
    return found


def hear_hangups():
    """Undo what `nohup` before the test run does to every process below it."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def launched(tmp_path):
    """Return a function that starts the launch, and the mark of its processes."""
    mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
    file = tmp_path / "many.launch.py"
    file.write_text(LAUNCH_FILE.replace("{mark!r}", repr(mark)).replace("{mark}", mark))
    started = []

    def start(**options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("preexec_fn", hear_hangups)
        process = subprocess.Popen(
            [sys.executable, "-m", "ros2cli", "launch", str(file)],
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
        started.append(process)
        return process

    yield start, mark
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    for pid in marked(mark):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def wait_until_up(fd):
    """Read output until all processes said that they are up."""
    output = b""
    deadline = time.monotonic() + DEADLINE_S
    while output.count(b"] up") < PROCESSES:
        ready, _, _ = select.select([fd], [], [], deadline - time.monotonic())
        assert ready, f"not up in time: {output.decode(errors='replace')}"
        output += os.read(fd, 65536)


def wait_until_gone(mark):
    deadline = time.monotonic() + DEADLINE_S
    while marked(mark):
        assert time.monotonic() < deadline, f"still running: {marked(mark)}"
        select.select([], [], [], 0.05)


@pytest.mark.parametrize(
    ("number", "returncode"),
    [
        (signal.SIGINT, 0),
        (signal.SIGTERM, 1),
        (signal.SIGQUIT, 1),
        (signal.SIGHUP, 1),
        pytest.param(signal.SIGKILL, -9, marks=pytest.mark.slow),
    ],
)
def test_signal_to_the_launch_ends_everything(launched, number, returncode):
    start, mark = launched
    process = start()
    wait_until_up(process.stdout.fileno())
    process.send_signal(number)
    process.stdout.close()
    assert process.wait(DEADLINE_S) == returncode
    wait_until_gone(mark)


def test_closed_terminal_ends_everything(launched):
    start, mark = launched
    master, slave = pty.openpty()

    def take_terminal():
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        hear_hangups()

    process = start(stdin=slave, stdout=slave, preexec_fn=take_terminal)
    os.close(slave)
    wait_until_up(master)
    os.close(master)  # the kernel sends SIGHUP, and every write fails from now on
    assert process.wait(DEADLINE_S) == 1
    wait_until_gone(mark)


def test_ctrl_c_on_a_terminal_ends_everything(launched):
    start, mark = launched
    master, slave = pty.openpty()

    def take_terminal():
        import fcntl
        import termios

        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = start(stdin=slave, stdout=slave, preexec_fn=take_terminal)
    os.close(slave)
    wait_until_up(master)
    os.write(master, b"\x03")
    drain_until_exit(process, master)
    assert process.wait(DEADLINE_S) == 0
    wait_until_gone(mark)


def drain_until_exit(process, fd):
    """Read what is written, lest the writer waits for ever."""
    deadline = time.monotonic() + DEADLINE_S
    while process.poll() is None and time.monotonic() < deadline:
        if select.select([fd], [], [], 0.05)[0]:
            with contextlib.suppress(OSError):
                os.read(fd, 65536)


def test_reader_of_the_output_may_go_away(launched):
    """`ros2 launch ... | head` must not end the robot, nor leave it without anyone to end it."""
    start, mark = launched
    process = start()
    wait_until_up(process.stdout.fileno())
    process.stdout.close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE_S) == 1
    wait_until_gone(mark)
