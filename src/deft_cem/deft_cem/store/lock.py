"""One writer a run folder: an flock, which the kernel drops when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from deft_cem.errors import RecordError, RecordLockedError


class RunLock:
    """Hold the write lock of a run folder until closed.

    Raises:
        RecordLockedError: Another process holds it.
        RecordError: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "run.lock"
        try:
            self._file = self.path.open("a+")
        except OSError as error:
            raise RecordError(f"{folder} cannot be written ({error.strerror}); choose another folder") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise RecordLockedError(f"{folder} is being written by {holder}; stop it or use another folder") from None
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()}\n")
        self._file.flush()

    def close(self) -> None:
        """Let go of the lock; the file stays, so that no two processes lock different files."""
        self._file.close()

    def __enter__(self) -> RunLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
