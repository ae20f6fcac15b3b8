"""The record of a run: one SQLite file and an images folder, enough to redo any number drawn from it."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from deft_cem.errors import RecordError, RecordExistsError, RecordMismatchError
from deft_cem.store.database import DATABASE, connect, holds_run, open_checked, readable, remove_database, transaction
from deft_cem.store.episode import COLUMNS, Episode, from_row, to_row
from deft_cem.store.lock import RunLock
from deft_cem.store.schema import APPLICATION_ID, DDL, SCHEMA_VERSION
from deft_core.workcell import lasting


@dataclass(frozen=True)
class RunInfo:
    """What a run is.

    Attributes:
        run_id: Its name, unique.
        identity: JSON-able; whatever decides what is proposed and tried. Resuming asks for the same.
        config: JSON-able; everything else that was configured.
        versions: Of the code and of what it stands on.
        started_at: Unix seconds.
    """

    run_id: str
    identity: dict[str, Any]
    config: dict[str, Any]
    versions: dict[str, str]
    started_at: float


class RunRecord:
    """An open record; make one with `create`, `resume` or `read`."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: RunLock | None) -> None:
        self.folder = folder
        self._db = connection
        self._lock = lock
        try:
            self.info = self._read_info()
        except BaseException:
            connection.close()
            raise

    @classmethod
    def create(cls, folder: Path, info: RunInfo, optimizer: tuple[str, dict[str, Any]]) -> RunRecord:
        """Begin a run in a folder that holds none.

        Args:
            folder: Made if missing.
            info: What the run is.
            optimizer: Name and state before the first episode.

        Raises:
            RecordExistsError: The folder holds a run.
            RecordLockedError: Another process is writing there.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordError(f"{folder} cannot hold a run ({error.strerror}); choose another out:=") from error
        lock = RunLock(folder)
        try:
            if holds_run(folder):
                open_checked(folder, "ro").close()  # what is no run's record says so itself
                raise RecordExistsError(
                    f"{folder} holds a run already; continue it with resume:=true or choose another out:="
                )
            remove_database(folder)  # of a creation that was killed before it was committed
            db = connect(folder, "rwc")
            with transaction(db):
                for statement in DDL.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                db.execute(
                    "INSERT INTO run VALUES (?, ?, ?, ?, ?)",
                    (info.run_id, info.started_at, *map(_json, (info.identity, info.config, info.versions))),
                )
                db.execute("INSERT INTO optimizer_state VALUES (0, ?, ?)", (optimizer[0], _json(optimizer[1])))
            return cls(folder, db, lock)
        except BaseException:
            lock.close()
            raise

    @classmethod
    def resume(cls, folder: Path, identity: dict[str, Any], cell: dict[str, Any] | None = None) -> RunRecord:
        """Open a run to continue it.

        Args:
            folder: The run's.
            identity: What the run must be.
            cell: Settings of the workcell in which it goes on, if they are to be looked at.

        Raises:
            RecordError: No run there.
            RecordMismatchError: It was made with another identity, or in another workcell.
            RecordLockedError: Another process is writing it.
            RecordVersionError: Written by a newer version.
        """
        if not (folder / DATABASE).exists():
            raise RecordError(f"{folder} holds no run to resume; leave out resume:=true to begin one")
        lock = RunLock(folder)
        try:
            record = cls(folder, open_checked(folder, "rw"), lock)
            record.check_identity(identity)
            record.check_workcell(cell or {})
            record.event("resumed", f"after {record.count('finetune')} episodes")
            return record
        except BaseException:
            lock.close()
            raise

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Open a run to look at it, also while another process writes it.

        Raises:
            RecordError: No run there.
            RecordVersionError: Written by a newer version.
        """
        if not (folder / DATABASE).exists():
            raise RecordError(f"{folder} holds no run ({DATABASE} is not there)")
        return cls(folder, open_checked(folder, "ro"), None)

    def _read_info(self) -> RunInfo:
        with self._readable():
            row = self._db.execute("SELECT * FROM run").fetchone()
            if row is None:
                raise RecordError(f"{self.folder / DATABASE} has no run in it; delete the folder and begin again")
            texts = {k: json.loads(row[k]) for k in ("identity", "config", "versions")}
            return RunInfo(run_id=row["run_id"], started_at=row["started_at"], **texts)

    def _readable(self) -> AbstractContextManager[None]:
        return readable(self.folder / DATABASE)

    def check_identity(self, wanted: dict[str, Any]) -> None:
        """Refuse a run that is not the one that is wanted: RecordMismatchError, naming each field that differs."""
        if lines := differences(self.info.identity, json.loads(_json(wanted))):
            raise RecordMismatchError(
                f"{self.folder} was begun otherwise ({lines}); resume it as it was or begin a new run"
            )

    def check_workcell(self, cell: dict[str, Any]) -> None:
        """Refuse settings that are not those the run was begun with, but for where devices are reached and the pace.

        Raises:
            RecordMismatchError: names each setting that differs.
        """
        was, now = lasting(self.info.config), lasting(cell)
        both = was.keys() & now.keys()  # settings come and go with versions
        if lines := differences({k: was[k] for k in both}, {k: now[k] for k in both}):
            raise RecordMismatchError(
                f"{self.folder} was begun in another workcell ({lines}); resume it there or begin a new run"
            )

    def append(self, episode: Episode, optimizer: tuple[str, dict[str, Any]] | None = None) -> None:
        """Put a finished episode on disk, with the optimiser's state after it, in one transaction.

        Args:
            episode: Its images must be on disk.
            optimizer: Name and state after the episode; None for evaluation trials.

        Raises:
            RecordError: The episode is there already, or a value is refused by the schema.
        """
        marks = ", ".join("?" * len(COLUMNS))
        try:
            with transaction(self._db):
                self._db.execute(f"INSERT INTO episode ({', '.join(COLUMNS)}) VALUES ({marks})", to_row(episode))
                if optimizer is not None:
                    self._db.execute(
                        "INSERT INTO optimizer_state VALUES (?, ?, ?)",
                        (episode.index, optimizer[0], _json(optimizer[1])),
                    )
        except sqlite3.IntegrityError as error:
            raise RecordError(f"episode {episode.key} cannot be recorded in {self.folder}: {error}") from error

    def relabel(self, before: Episode, after: Episode) -> None:
        """Correct the label of the last episode and drop what was made of the old one, in one transaction.

        Of a fine-tuning episode that is the optimiser's state after it (see `keep_optimizer_state`) and any policy.
        The correction itself is noted as an event, with the label as it was. May be called by another thread than the
        run's: it writes over a connection of its own.

        Raises:
            RecordError: It cannot be written.
        """
        text = (
            f"{'/'.join(map(str, before.key))}: reward {before.reward:g} -> {after.reward:g} ({after.rater}), "
            f"success {before.success} -> {after.success} ({after.success_source})"
        )
        try:
            with closing(open_checked(self.folder, "rw")) as db, transaction(db):
                db.execute(
                    "UPDATE episode SET reward = ?, success = ? "
                    "WHERE phase = ? AND objects = ? AND method = ? AND idx = ?",
                    (after.reward, after.success, *after.key),
                )
                if after.phase == "finetune":
                    db.execute("DELETE FROM optimizer_state WHERE after_episode >= ?", (after.index,))
                    db.execute("DELETE FROM policy")
                db.execute("INSERT INTO event (at, kind, text) VALUES (?, ?, ?)", (time.time(), "relabelled", text))
        except sqlite3.Error as error:
            raise RecordError(f"the correction cannot be written in {self.folder} ({error}); try again") from error

    def keep_optimizer_state(self, after_episode: int, optimizer: tuple[str, dict[str, Any]]) -> None:
        """Put name and state of the optimiser after an episode on disk, once it was told the corrected label."""
        with transaction(self._db):
            self._db.execute(
                "INSERT INTO optimizer_state VALUES (?, ?, ?)", (after_episode, optimizer[0], _json(optimizer[1]))
            )

    def episodes(self, phase: str | None = None) -> list[Episode]:
        """Finished episodes in the order they were run, of one phase or of both."""
        where = "" if phase is None else " WHERE phase = :phase"
        with self._readable():
            rows = self._db.execute(f"SELECT * FROM episode{where} ORDER BY id", {"phase": phase})
            return [from_row(row) for row in rows]

    def count(self, phase: str) -> int:
        """How many episodes of a phase are finished."""
        with self._readable():
            return int(self._db.execute("SELECT count(*) FROM episode WHERE phase = ?", (phase,)).fetchone()[0])

    def told(self) -> int:
        """After how many episodes the newest state of the optimiser is; a corrected one may have yet to be told."""
        with self._readable():
            return int(self._db.execute("SELECT coalesce(max(after_episode), 0) FROM optimizer_state").fetchone()[0])

    def optimizer_state(self, after_episode: int) -> tuple[str, dict[str, Any]]:
        """Name and state of the optimiser after an episode (0: before the first)."""
        with self._readable():
            row = self._db.execute(
                "SELECT name, state FROM optimizer_state WHERE after_episode = ?", (after_episode,)
            ).fetchone()
            if row is None:
                raise RecordError(f"{self.folder} has no optimiser state after episode {after_episode}")
            return row["name"], json.loads(row["state"])

    def add_policy(self, name: str, file: str, sha256: str, seconds: float, report: object) -> None:
        """Note a fitted policy."""
        with transaction(self._db):
            self._db.execute(
                "INSERT INTO policy (name, file, sha256, seconds, report) VALUES (?, ?, ?, ?, ?)",
                (name, file, sha256, seconds, _json(asdict(report))),  # type: ignore[call-overload]
            )

    def policy(self) -> dict[str, Any] | None:
        """The newest fitted policy: name, file, sha256, seconds, report."""
        with self._readable():
            row = self._db.execute("SELECT * FROM policy ORDER BY id DESC LIMIT 1").fetchone()
            return None if row is None else dict(row) | {"report": json.loads(row["report"])}

    def event(self, kind: str, text: str) -> None:
        """Note something worth knowing."""
        with transaction(self._db):
            self._db.execute("INSERT INTO event (at, kind, text) VALUES (?, ?, ?)", (time.time(), kind, text))

    def events(self) -> list[tuple[str, str]]:
        """(kind, text) of everything noted."""
        with self._readable():
            return [(row["kind"], row["text"]) for row in self._db.execute("SELECT * FROM event ORDER BY id")]

    def close(self) -> None:
        """Close the database and let go of the lock."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> RunRecord:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def differences(recorded: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Fields of which two descriptions of a run differ, with both values; empty where none does."""
    different = [k for k in sorted(recorded.keys() | wanted.keys()) if recorded.get(k) != wanted.get(k)]
    return ", ".join(f"{k}: was {recorded.get(k)!r}, now {wanted.get(k)!r}" for k in different)


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False)
