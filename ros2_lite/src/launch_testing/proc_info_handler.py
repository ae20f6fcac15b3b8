"""What becomes of processes, for tests to look at and to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from launch.events.process import ProcessExited

from .util import NoMatchingProcessException, resolveProcesses


class ProcInfoHandler:
    """Keeps the last event of each process: that it started, or that it exited."""

    def __init__(self) -> None:
        self._events: dict[Any, Any] = {}

    def append(self, process_info: Any) -> None:
        """Add an event."""
        self._events[process_info.action] = process_info

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._events.values()))

    def processes(self) -> Any:
        """Return the processes."""
        return self._events.keys()

    def process_names(self) -> list[str]:
        """Return their names."""
        return [action.process_details["name"] for action in self._events]

    def __getitem__(self, key: Any) -> Any:
        """Return the last event of a process, given its action or a part of its name."""
        if not isinstance(key, str):
            return self._events[key]
        for action, event in self._events.items():
            if key in action.process_details["name"]:
                return event
        raise KeyError(key)


class ActiveProcInfoHandler:
    """Keeps the last event of each process while they still run."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._proc_info_handler = ProcInfoHandler()

    @property
    def proc_event(self) -> threading.Condition:
        """A condition that is notified of events."""
        return self._condition

    def append(self, process_info: Any) -> None:
        """Add an event."""
        with self._condition:
            self._proc_info_handler.append(process_info)
            self._condition.notify_all()

    def __iter__(self) -> Iterator[Any]:
        with self._condition:
            return iter(self._proc_info_handler)

    def processes(self) -> list[Any]:
        """Return the processes."""
        with self._condition:
            return list(self._proc_info_handler.processes())

    def process_names(self) -> list[str]:
        """Return their names."""
        with self._condition:
            return self._proc_info_handler.process_names()

    def __getitem__(self, key: Any) -> Any:
        with self._condition:
            return self._proc_info_handler[key]

    def __wait(self, process: Any, cmd_args: Any, timeout: float, test: Callable[[Any], bool]) -> bool:
        handler = self._proc_info_handler

        def holds() -> bool:
            try:
                return test(handler[resolveProcesses(handler, process=process, cmd_args=cmd_args)[0]])
            except NoMatchingProcessException:
                return False

        with self._condition:
            return self._condition.wait_for(holds, timeout=timeout)

    def assertWaitForStartup(self, process: Any, cmd_args: Any = None, *, timeout: float = 10) -> None:
        """Wait until a process has started, and fail if it does not in time."""
        started = self.__wait(process, cmd_args, timeout, lambda event: True)
        assert started, f"Timed out waiting for process '{process}' to start"

    def assertWaitForShutdown(self, process: Any, cmd_args: Any = None, *, timeout: float = 10) -> None:
        """Wait until a process has ended, and fail if it does not in time."""
        ended = self.__wait(process, cmd_args, timeout, lambda event: isinstance(event, ProcessExited))
        assert ended, f"Timed out waiting for process '{process}' to finish"
