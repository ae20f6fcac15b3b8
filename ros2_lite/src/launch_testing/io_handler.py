"""What processes write, for tests to look at and to wait for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from .asserts.assert_output import assertInStream
from .util import NoMatchingProcessException, resolveProcesses


class IoHandler:
    """Keeps all output."""

    def __init__(self) -> None:
        self._sequence: list[Any] = []
        self._by_name: dict[str, list[Any]] = {}

    def track(self, process_name: str) -> None:
        """Know a process before it writes."""
        self._by_name.setdefault(process_name, [])

    def append(self, process_io: Any) -> None:
        """Add output."""
        self._sequence.append(process_io)
        self._by_name.setdefault(process_io.process_name, []).append(process_io)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._sequence)

    def processes(self) -> list[Any]:
        """Return the processes that wrote something."""
        return [events[0].action for events in self._by_name.values() if events]

    def process_names(self) -> Any:
        """Return the names of the known processes."""
        return self._by_name.keys()

    def __getitem__(self, key: Any) -> list[Any]:
        """Return the output of a process, given its name or action."""
        return list(self._by_name[key if isinstance(key, str) else key.process_details["name"]])


class ActiveIoHandler:
    """Keeps all output while it is still being written."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._io_handler = IoHandler()

    @property
    def io_event(self) -> threading.Condition:
        """A condition that is notified of output."""
        return self._condition

    def track(self, process_name: str) -> None:
        """Know a process before it writes."""
        with self._condition:
            self._io_handler.track(process_name)
            self._condition.notify_all()

    def append(self, process_io: Any) -> None:
        """Add output."""
        with self._condition:
            self._io_handler.append(process_io)
            self._condition.notify_all()

    def __iter__(self) -> Iterator[Any]:
        with self._condition:
            return iter(list(self._io_handler))

    def processes(self) -> list[Any]:
        """Return the processes that wrote something."""
        with self._condition:
            return self._io_handler.processes()

    def process_names(self) -> list[str]:
        """Return the names of the known processes."""
        with self._condition:
            return list(self._io_handler.process_names())

    def __getitem__(self, key: Any) -> list[Any]:
        with self._condition:
            return self._io_handler[key]

    def assertWaitFor(self, *args: Any, **kwargs: Any) -> None:
        """Wait for output, see `waitFor`, and fail if it does not come."""
        assert self.waitFor(*args, **kwargs), "Waiting for output timed out"

    def waitFor(
        self,
        expected_output: Any,
        process: Any = None,
        cmd_args: Any = None,
        *,
        strict_proc_matching: bool = True,
        output_filter: Any = None,
        timeout: float = 10,
        strip_ansi_escape_sequences: bool = True,
        stream: str = "stderr",
    ) -> bool:
        """Wait for output.

        Args:
            expected_output: text, a regular expression, or several of them in this order.
            process: see `launch_testing.util.resolveProcesses`.
            cmd_args: likewise.
            strict_proc_matching: likewise.
            output_filter: changes the output before it is searched.
            timeout: seconds to wait.
            strip_ansi_escape_sequences: search without colours.
            stream: 'stderr' or 'stdout'.

        Returns:
            whether it came in time.

        Raises:
            Exception: after the time-out, there is no such process.
        """

        def found() -> bool:
            try:
                assertInStream(
                    self._io_handler,
                    expected_output=expected_output,
                    process=process,
                    cmd_args=cmd_args,
                    output_filter=output_filter,
                    strict_proc_matching=strict_proc_matching,
                    strip_ansi_escape_sequences=strip_ansi_escape_sequences,
                    stream=stream,
                )
            except (NoMatchingProcessException, AssertionError):
                return False
            return True

        with self._condition:
            if self._condition.wait_for(found, timeout=timeout):
                return True
        try:
            resolveProcesses(self, process=process, cmd_args=cmd_args, strict_proc_matching=False)
        except NoMatchingProcessException as error:
            raise Exception(
                f"After timeout, found no processes matching '{process}'  "
                "It either doesn't exist, was never launched, or didn't generate any output"
            ) from error
        return False
