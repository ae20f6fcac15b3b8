"""Opening a run's SQLite file: write-ahead log, full sync, version check, one transaction at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deft_cem.errors import RecordError, RecordVersionError
from deft_cem.store.schema import APPLICATION_ID, SCHEMA_VERSION

DATABASE = "run.sqlite"


def holds_run(folder: Path) -> bool:
    """Whether a folder holds a run that was begun; a creation killed half-way does not count."""
    if not (folder / DATABASE).exists():
        return False
    db = connect(folder, "rw")
    try:
        return db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'run'").fetchone()[0] > 0
    except sqlite3.DatabaseError:
        return True  # somebody's file, not ours to overwrite
    finally:
        db.close()


def remove_database(folder: Path) -> None:
    """Delete the database and what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        (folder / f"{DATABASE}{suffix}").unlink(missing_ok=True)


def connect(folder: Path, mode: str) -> sqlite3.Connection:
    """Open the database; `mode` is SQLite's: ro, rw, or rwc to make it."""
    uri = f"{(folder / DATABASE).resolve().as_uri()}?mode={mode}"
    # The loop may be begun by one thread and run by another; never by two at once.
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0, check_same_thread=False)
    db.row_factory = sqlite3.Row
    if mode == "rwc":
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")  # in WAL mode NORMAL may lose the last commits to a power cut
    return db


def open_checked(folder: Path, mode: str) -> sqlite3.Connection:
    """Open the database of a run that was begun.

    Raises:
        RecordError: Damaged, or not a run's record.
        RecordVersionError: Of a newer schema.
    """
    path = folder / DATABASE
    try:
        db = connect(folder, mode)
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise RecordError(f"{path} is not a readable database ({error}); restore it or begin a new run") from error
    if application != APPLICATION_ID:
        db.close()
        raise RecordError(f"{path} is not the record of a run, or its creation was interrupted; begin a new run")
    if version > SCHEMA_VERSION:
        db.close()
        raise RecordVersionError(
            f"{path} has schema version {version}, this code knows up to {SCHEMA_VERSION}; update DEFT to open it"
        )
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside, or nothing of it."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
