"""Where a command is asked to write: checked before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path

from deft_core.errors import OutputError


def check_out(path: Path) -> None:
    """Check that something can be put at `path`, whether or not something is there.

    Raises:
        OutputError: The folder it is to lie in is missing, is no folder, or may not be written.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"{path} cannot be written: there is no folder {folder}; make it or choose another place")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path} cannot be written: you may not write into {folder}; choose another place")


def check_new_file(path: Path) -> None:
    """Check that a file can be made at `path`, where nothing is yet.

    Raises:
        OutputError: Something is there, or `check_out` objects.
    """
    check_out(path)
    if path.exists():
        raise OutputError(f"{path} exists; nothing is overwritten")
