"""Waiting for DDS entities without polling."""

from __future__ import annotations

import ctypes as ct
import threading

from .library import INFINITY, check, lib

_PARTICIPANT_FREE = 0x7FFF0000 + 256  # DDS_CYCLONEDDS_HANDLE: waitsets and guards need no participant
_MAX_TRIGGERS = 256


class GuardCondition:
    """A flag that wakes the wait sets it is attached to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.closed = False
        self.handle = check(lib.dds_create_guardcondition(_PARTICIPANT_FREE), "cannot create a guard condition")

    def trigger(self) -> None:
        """Raise the flag; harmless once closed."""
        with self._lock:
            if not self.closed:
                lib.dds_set_guardcondition(self.handle, True)

    def clear(self) -> None:
        """Lower the flag."""
        with self._lock:
            if not self.closed:
                lib.dds_set_guardcondition(self.handle, False)

    def close(self) -> None:
        """Delete the condition; calling it again does nothing."""
        with self._lock:
            if not self.closed:
                self.closed = True
                lib.dds_delete(self.handle)


class WaitSet:
    """A set of DDS conditions, each attached under a number, that one thread waits on."""

    def __init__(self) -> None:
        self._handle = check(lib.dds_create_waitset(_PARTICIPANT_FREE), "cannot create a wait set")
        self._triggers = (ct.c_ssize_t * _MAX_TRIGGERS)()

    def attach(self, entity: int, number: int) -> bool:
        """Add a condition; False where it does not exist any more."""
        return bool(lib.dds_waitset_attach(self._handle, entity, number) >= 0)

    def detach(self, entity: int) -> None:
        """Remove a condition; one that is gone already is no error."""
        lib.dds_waitset_detach(self._handle, entity)

    def wait(self, timeout_ns: int | None) -> list[int]:
        """Block until something is triggered or time is up; returns the numbers of what was."""
        timeout = INFINITY if timeout_ns is None else max(0, timeout_ns)
        count = lib.dds_waitset_wait(self._handle, self._triggers, _MAX_TRIGGERS, timeout)
        return self._triggers[: min(count, _MAX_TRIGGERS)] if count > 0 else []

    def close(self) -> None:
        """Delete the wait set."""
        lib.dds_delete(self._handle)
