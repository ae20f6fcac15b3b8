"""Opening a run's SQLite file: write-ahead log, full sync, version check, one transaction at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from deft_cem.errors import RecordError, RecordVersionError
from deft_cem.store.schema import APPLICATION_ID, SCHEMA_VERSION

DATABASE = "run.sqlite"


def holds_run(folder: Path) -> bool:
    """Whether a folder holds a run that was begun, or a file of another program in its place.

    A creation killed half-way does not count: it left a database without a table in it.
    """
    if not (folder / DATABASE).exists():
        return False
    try:
        with closing(connect(folder, "rw")) as db:
            tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            application = db.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.DatabaseError:
        return True  # somebody's file, not ours to overwrite
    return tables > 0 or application not in (0, APPLICATION_ID)


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
    with readable(path):
        db = connect(folder, mode)
    try:
        with readable(path):
            application = db.execute("PRAGMA application_id").fetchone()[0]
            version = db.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise RecordError(f"{path} is not the record of a run, or its creation was interrupted; begin a new run")
        if version > SCHEMA_VERSION:
            raise RecordVersionError(
                f"{path} has schema version {version}, this code knows up to {SCHEMA_VERSION}; update DEFT to open it"
            )
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Say of a record that cannot be read, or does not hold what it should, that this is so.

    Raises:
        RecordError: In place of what SQLite or a decoder raised inside.
    """
    try:
        yield
    except (sqlite3.DatabaseError, KeyError, TypeError, ValueError) as error:
        why = f"{type(error).__name__}: {error}"
        raise RecordError(f"{path} is not a readable database ({why}); restore it or begin a new run") from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside, or nothing of it.

    Raises:
        RecordError: The disk is full, or fails.
    """
    try:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")
    except BaseException as error:
        if db.in_transaction:  # SQLite takes back by itself what a full disk cut short
            db.execute("ROLLBACK")
        if type(error) in (sqlite3.OperationalError, sqlite3.DatabaseError):
            path = db.execute("PRAGMA database_list").fetchone()[2]
            raise RecordError(
                f"{path} cannot be written ({error}); what was finished is kept: mend that (a full disk?), then resume"
            ) from error
        raise
