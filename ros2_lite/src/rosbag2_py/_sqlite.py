"""A bag's file in SQLite, in rosbag2's schema (version 4)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ._metadata import VERSION, MessageDefinition, TopicInformation, TopicMetadata
from ._options import StorageOptions
from ._qos import from_qos_list, to_rclcpp_qos_vector

_SCHEMA = """
CREATE TABLE schema(schema_version INTEGER PRIMARY KEY, ros_distro TEXT NOT NULL);
CREATE TABLE metadata(id INTEGER PRIMARY KEY, metadata_version INTEGER NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL,
  serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL, type_description_hash TEXT NOT NULL);
CREATE TABLE message_definitions(id INTEGER PRIMARY KEY, topic_type TEXT NOT NULL, encoding TEXT NOT NULL,
  encoded_message_definition TEXT NOT NULL, type_description_hash TEXT NOT NULL);
CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, timestamp INTEGER NOT NULL,
  data BLOB NOT NULL);
CREATE INDEX timestamp_idx ON messages (timestamp ASC);
"""
_PENDING_BYTES = 4 * 1024 * 1024


class SqliteStorageWriter:
    """Inserts messages into a .db3 file, committed at least once a second."""

    identifier = "sqlite3"
    suffix = ".db3"

    def __init__(self, stem: Path, options: StorageOptions) -> None:
        if options.storage_preset_profile not in ("", "none", "resilient"):
            raise RuntimeError(f"Unknown SQLite storage preset profile {options.storage_preset_profile}")
        self.path = stem.with_name(stem.name + self.suffix)
        self._db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        # the log survives a killed process, the journal in memory that rosbag2 uses by default does not; a power
        # failure is another matter, for which there is the preset
        self._db.execute("PRAGMA journal_mode=WAL")
        resilient = options.storage_preset_profile == "resilient"
        self._db.execute(f"PRAGMA synchronous={'NORMAL' if resilient else 'OFF'}")
        self._db.executescript(_SCHEMA)
        self._db.execute("INSERT INTO schema VALUES (4, ?)", (os.environ.get("ROS_DISTRO", ""),))
        self._db.execute("BEGIN")
        self._topics: dict[str, int] = {}
        self._types: set[str] = set()
        self._written, self._pending = 0, 0

    def create_topic(self, topic: TopicMetadata, definition: MessageDefinition) -> None:
        """Announce a topic."""
        if topic.type not in self._types:
            self._types.add(topic.type)
            self._db.execute(
                "INSERT INTO message_definitions (topic_type, encoding, encoded_message_definition, "
                "type_description_hash) VALUES (?, ?, ?, ?)",
                (topic.type, definition.encoding, definition.encoded_message_definition, topic.type_description_hash),
            )
        row = self._db.execute(
            "INSERT INTO topics (name, type, serialization_format, offered_qos_profiles, type_description_hash) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                topic.name,
                topic.type,
                topic.serialization_format,
                from_qos_list(topic.offered_qos_profiles),
                topic.type_description_hash,
            ),
        )
        self._topics[topic.name] = int(row.lastrowid or 0)

    def write(self, topic: str, data: bytes, received: int, sent: int) -> None:
        """Append a message; the schema has no place for the time it was sent."""
        self._db.execute(
            "INSERT INTO messages (timestamp, topic_id, data) VALUES (?, ?, ?)", (received, self._topics[topic], data)
        )
        self._written += len(data)
        self._pending += len(data)
        if self._pending > _PENDING_BYTES:
            self.sync()

    def sync(self) -> None:
        """Let everything written so far survive the process."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN")
        self._pending = 0

    def size(self) -> int:
        """Return the bytes of messages so far."""
        return self._written

    def close(self, metadata: dict[str, Any]) -> None:
        """Write the bag's metadata and close; the log is folded into the file."""
        self._db.execute(
            "INSERT INTO metadata (metadata_version, metadata) VALUES (?, ?)",
            (VERSION, yaml.safe_dump(metadata, sort_keys=False)),
        )
        self._db.execute("COMMIT")
        self._db.execute("PRAGMA journal_mode=DELETE")
        self._db.close()


class SqliteStorageReader:
    """Reads a .db3 file, also one whose writer was killed."""

    identifier = "sqlite3"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whole = True
        if not path.is_file():
            raise RuntimeError(f"No such bag file: {path}")
        # a log that was left behind must be folded in, for which the file is opened for writing
        mode = "rw" if path.with_name(path.name + "-wal").exists() and os.access(path, os.W_OK) else "ro"
        try:
            self._db = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, check_same_thread=False)
            self._tables = {r[0] for r in self._db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
            self.start, self.end = self._db.execute(
                "SELECT COALESCE(MIN(timestamp), 0), COALESCE(MAX(timestamp), 0) FROM messages"
            ).fetchone()
        except sqlite3.Error as e:
            raise RuntimeError(f"{path} is not a bag: {e}") from e

    def topics(self) -> list[TopicInformation]:
        """Return the topics and their counts."""
        counts = dict(self._db.execute("SELECT topic_id, COUNT(*) FROM messages GROUP BY topic_id"))
        cursor = self._db.execute("SELECT * FROM topics ORDER BY id")
        names = [c[0] for c in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        return [
            TopicInformation(
                TopicMetadata(
                    r["id"],
                    r["name"],
                    r["type"],
                    r["serialization_format"],
                    to_rclcpp_qos_vector(r.get("offered_qos_profiles", ""), 9),
                    r.get("type_description_hash", ""),
                ),
                counts.get(r["id"], 0),
            )
            for r in rows
        ]

    def definitions(self) -> list[MessageDefinition]:
        """Return the definitions of all types."""
        if "message_definitions" not in self._tables:
            return []
        return [
            MessageDefinition(*row)
            for row in self._db.execute(
                "SELECT topic_type, encoding, encoded_message_definition, type_description_hash"
                " FROM message_definitions"
            )
        ]

    def metadata(self) -> dict[str, Any] | None:
        """Return the bag's metadata from within the file, None when it has none."""
        if "metadata" not in self._tables:
            return None
        row = self._db.execute("SELECT metadata FROM metadata ORDER BY id DESC LIMIT 1").fetchone()
        return yaml.safe_load(row[0]) if row else None

    def messages(self, start: int | None, reverse: bool) -> Iterator[tuple[str, bytes, int, int]]:
        """Yield messages by time received, from `start` (ns) on, or back from there."""
        where = "" if start is None else f"WHERE timestamp {'<=' if reverse else '>='} {int(start)}"
        order = "DESC" if reverse else "ASC"
        for name, data, time in self._db.execute(
            "SELECT topics.name, data, timestamp FROM messages JOIN topics ON messages.topic_id = topics.id "
            f"{where} ORDER BY timestamp {order}, messages.id {order}"
        ):
            yield name, data, time, time

    def close(self) -> None:
        """Close the file."""
        self._db.close()
