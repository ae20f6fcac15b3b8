"""Write a bag, message by message; what was written a second ago survives a killed process."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path

from rclpy.duration import Duration
from rclpy.time import Time

from ._mcap import McapStorageWriter
from ._message_definitions import LocalMessageDefinitionSource
from ._metadata import (
    NO_TIME,
    BagMetadata,
    FileInformation,
    MessageDefinition,
    MetadataIo,
    TopicInformation,
    TopicMetadata,
    to_dict,
)
from ._options import ConverterOptions, StorageOptions, get_default_storage_id
from ._sqlite import SqliteStorageWriter

_STORAGES = {s.identifier: s for s in (McapStorageWriter, SqliteStorageWriter)}
_SYNC_S = 1.0
_MINIMUM_SPLIT_BYTES = {"mcap": 1024, "sqlite3": 86016}


def get_registered_writers() -> set[str]:
    """Return the storages that can be written."""
    return set(_STORAGES)


def get_registered_compressors() -> set[str]:
    """Return the compressors of whole files or messages: none here (MCAP compresses chunks by preset)."""
    return set()


def get_registered_serializers() -> set[str]:
    """Return the serialization formats there are converters for: none here."""
    return set()


class SequentialWriter:
    """Writes a bag: `open`, `create_topic`, `write` ..., `close`."""

    def __init__(self) -> None:
        self._storage: McapStorageWriter | SqliteStorageWriter | None = None
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._state = _State()

    def open(self, storage_options: StorageOptions, converter_options: ConverterOptions) -> None:
        """Create the bag's folder and first file; RuntimeError when it exists or an option cannot be had."""
        if self._storage is not None:
            return
        converter_options.check()
        identifier = storage_options.storage_id or get_default_storage_id()
        if identifier not in _STORAGES:
            raise RuntimeError(f"No storage could be initialized: unknown storage id '{identifier}'. Abort")
        if storage_options.snapshot_mode:
            raise NotImplementedError("rosbag2_py snapshot mode is not part of ros2_lite")
        if 0 < storage_options.max_bagfile_size < _MINIMUM_SPLIT_BYTES[identifier]:
            raise RuntimeError(
                f"Invalid bag splitting size given. Please provide a value greater than "
                f"{_MINIMUM_SPLIT_BYTES[identifier]}. Specified value of "
                f"{storage_options.max_bagfile_size}"
            )
        self._folder = Path(storage_options.uri)
        if self._folder.is_dir():
            raise RuntimeError(f"Bag directory already exists ({self._folder}), can't overwrite existing bag")
        self._folder.mkdir(parents=True)
        self._options, self._identifier = storage_options, identifier
        self._topics: dict[str, tuple[TopicInformation, MessageDefinition]] = {}
        self._files: list[FileInformation] = []
        self._definitions = LocalMessageDefinitionSource()
        with self._lock:
            self._next_file()
            self._describe()
        threading.Thread(
            target=_keep_synced, args=(weakref.ref(self), self._wake, self._state), name="rosbag2_sync", daemon=True
        ).start()

    def _next_file(self) -> None:
        stem = self._folder / f"{self._folder.name}_{len(self._files)}"
        self._storage = _STORAGES[self._identifier](stem, self._options)
        self._files.append(FileInformation(self._storage.path.name, Time(nanoseconds=NO_TIME), Duration(), 0))
        self._first, self._last = NO_TIME, 0
        for information, definition in self._topics.values():
            self._storage.create_topic(information.topic_metadata, definition)

    def create_topic(self, topic: TopicMetadata) -> None:
        """Announce a topic before its first message."""
        with self._lock:
            if self._storage is None:
                raise RuntimeError("Bag is not open. Call open() before writing.")
            if topic.name in self._topics:
                return
            definition = self._definitions.get_full_text(topic.type)
            topic.type_description_hash = topic.type_description_hash or definition.type_hash
            self._topics[topic.name] = (TopicInformation(topic, 0), definition)
            self._storage.create_topic(topic, definition)
            self._mark()

    def remove_topic(self, topic: TopicMetadata) -> None:
        """Take back a topic."""
        with self._lock:
            if self._storage is None:
                raise RuntimeError("Bag is not open. Call open() before removing.")
            if self._topics.pop(topic.name, None) is None:
                raise RuntimeError(f'Failed to remove the non-existing topic "{topic.name}"!')

    def write(self, topic_name: str, message: bytes, recv_timestamp: int, send_timestamp: int | None = None) -> None:
        """Append a serialized message.

        Args:
            topic_name: a topic announced by `create_topic`.
            message: CDR bytes.
            recv_timestamp: when it was received, ns.
            send_timestamp: when it was sent, ns; the same by default.
        """
        with self._lock:
            if self._storage is None:
                raise RuntimeError("Bag is not open. Call open() before writing.")
            if topic_name not in self._topics:
                raise RuntimeError(f"Failed to write on topic '{topic_name}'. Call create_topic() before first write.")
            if self._must_split(recv_timestamp):
                self.split_bagfile()
            self._storage.write(
                topic_name, message, recv_timestamp, recv_timestamp if send_timestamp is None else send_timestamp
            )
            self._topics[topic_name][0].message_count += 1
            file = self._files[-1]
            self._first, self._last = min(self._first, recv_timestamp), max(self._last, recv_timestamp)
            file.message_count += 1
            file.starting_time = Time(nanoseconds=self._first)
            file._duration_ns = self._last - self._first
            self._mark()

    def _must_split(self, now: int) -> bool:
        assert self._storage is not None
        size, seconds = self._options.max_bagfile_size, self._options.max_bagfile_duration
        return bool(
            self._files[-1].message_count
            and ((size and self._storage.size() >= size) or (seconds and now - self._first >= seconds * 10**9))
        )

    def split_bagfile(self) -> None:
        """Go on in a new file."""
        with self._lock:
            if self._storage is None:
                raise RuntimeError("Bag is not open. Call open() before splitting.")
            self._storage.close(to_dict(self.metadata()))
            self._next_file()
            self._describe()

    def take_snapshot(self) -> bool:
        """Refuse: there is no snapshot mode here."""
        raise NotImplementedError("rosbag2_py snapshot mode is not part of ros2_lite")

    def metadata(self) -> BagMetadata:
        """Return what the bag's metadata are so far."""
        used = [f for f in self._files if f.message_count]
        start = min((f.starting_time.nanoseconds for f in used), default=NO_TIME)
        end = max((f.starting_time.nanoseconds + f._duration_ns for f in used), default=start)
        return BagMetadata(
            storage_identifier=self._identifier,
            relative_file_paths=[f.path for f in self._files],
            files=self._files,
            duration=Duration(nanoseconds=end - start),
            starting_time=Time(nanoseconds=start),
            message_count=sum(f.message_count for f in self._files),
            topics_with_message_count=[t for t, _ in self._topics.values()],
            custom_data=self._options.custom_data,
            ros_distro=os.environ.get("ROS_DISTRO", ""),
        )

    def _describe(self) -> None:
        # rosbag2 writes this file at the end only; a bag whose recorder was killed is then no bag to most tools
        MetadataIo().write_metadata(str(self._folder), self.metadata())

    def _mark(self) -> None:
        if not self._state.dirty:
            self._state.dirty = True
            self._wake.notify_all()

    def _sync(self) -> None:
        if self._storage is not None:
            self._storage.sync()
            self._describe()
            self._state.dirty = False

    def close(self) -> None:
        """Finish the bag; a second call does nothing."""
        with self._lock:
            if self._storage is None:
                return
            storage, self._storage = self._storage, None
            self._state.closed = True
            self._wake.notify_all()
            storage.close(to_dict(self.metadata()))
            self._describe()

    def __del__(self) -> None:
        if getattr(self, "_storage", None) is not None:
            self.close()


class _State:
    """What the syncing thread must know; it does not hold the writer, which is closed by being dropped."""

    dirty = closed = False


def _keep_synced(writer: weakref.ref[SequentialWriter], wake: threading.Condition, state: _State) -> None:
    with wake:
        while not state.closed:
            wake.wait_for(lambda: state.dirty or state.closed)
            if wake.wait_for(lambda: state.closed, timeout=_SYNC_S):
                return
            alive = writer()
            if alive is None:
                return
            alive._sync()
            del alive
