"""Launch processes in the middle of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from launch.actions import ExecuteProcess
from launch.events import IncludeLaunchDescription, matches_action
from launch.events.process import ProcessExited, ProcessStarted, ShutdownProcess
from launch.utilities import ensure_argument_type

from launch import LaunchDescription, LaunchService


class _Outcome:
    """Whether a condition came true, with the output, for messages."""

    def __init__(self, result: bool, output: str | None) -> None:
        self._result = result
        self._output = output

    def __bool__(self) -> bool:
        return self._result

    def __repr__(self) -> str:
        return f"<BoolWithText({self._result}): {self._output!r}>"


class ProcessProxy:
    """Shows what one process writes and what becomes of it."""

    def __init__(
        self,
        process_action: ExecuteProcess,
        proc_info: Any,
        proc_output: Any,
        *,
        output_filter: Callable[[str], str] | None = None,
    ) -> None:
        from ..io_handler import ActiveIoHandler
        from ..proc_info_handler import ActiveProcInfoHandler

        ensure_argument_type(process_action, ExecuteProcess, "process_action")
        ensure_argument_type(proc_info, ActiveProcInfoHandler, "proc_info")
        ensure_argument_type(proc_output, ActiveIoHandler, "proc_output")
        if output_filter is not None and not callable(output_filter):
            raise TypeError(f"Expected 'output_filter' to be callable but got '{output_filter!r}'")
        self._action = process_action
        self._proc_info = proc_info
        self._proc_output = proc_output
        self._filter = output_filter

    @property
    def target_process_action(self) -> ExecuteProcess:
        """The process."""
        return self._action

    def wait_for_shutdown(self, timeout: float | None = None) -> bool:
        """Wait until it has ended; return whether it has."""
        with self._proc_info.proc_event:
            ended: bool = self._proc_info.proc_event.wait_for(lambda: self.terminated, timeout=timeout)
            return ended

    def wait_for_output(self, condition: Callable[[str], Any] | None = None, timeout: float | None = None) -> _Outcome:
        """Wait until a condition on its output holds; return whether it does."""
        if condition is None:
            condition = lambda output: True  # noqa: E731
        if not callable(condition):
            raise TypeError(f"Expected 'condition' to be callable but got '{condition!r}'")
        output: str | None = None

        def holds() -> bool:
            nonlocal output
            if not self.running:
                return False
            output = self.output
            return bool(condition(output))

        with self._proc_output.io_event:
            return _Outcome(self._proc_output.io_event.wait_for(holds, timeout=timeout), output)

    def __text(self, wanted: Callable[[Any], bool]) -> str:
        events = [event for event in self._proc_output[self._action] if wanted(event)]
        text = b"".join(event.text for event in events).decode(errors="replace")
        return text if self._filter is None else self._filter(text)

    @property
    def stderr(self) -> str:
        """Its standard error."""
        return self.__text(lambda event: event.from_stderr)

    @property
    def stdout(self) -> str:
        """Its standard output."""
        return self.__text(lambda event: event.from_stdout)

    @property
    def output(self) -> str:
        """Both."""
        return self.__text(lambda event: True)

    def __last_event(self) -> Any:
        return self._proc_info[self._action] if self._action in self._proc_info.processes() else None

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return isinstance(self.__last_event(), ProcessStarted)

    @property
    def terminated(self) -> bool:
        """Whether it has ended."""
        return isinstance(self.__last_event(), ProcessExited)

    @property
    def exit_code(self) -> int:
        """Its exit code."""
        code: int = self._proc_info[self._action].returncode
        return code


@contextmanager
def launch_process(
    launch_service: LaunchService,
    process_action: ExecuteProcess,
    proc_info: Any,
    proc_output: Any,
    **kwargs: Any,
) -> Iterator[ProcessProxy]:
    """Launch a process for the length of a block."""
    ensure_argument_type(process_action, ExecuteProcess, "process_action")
    launch_service.emit_event(IncludeLaunchDescription(LaunchDescription([process_action])))
    proxy = ProcessProxy(process_action, proc_info, proc_output, **kwargs)
    try:
        yield proxy
    finally:
        if not proxy.terminated:
            launch_service.emit_event(ShutdownProcess(process_matcher=matches_action(process_action)))
