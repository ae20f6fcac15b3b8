"""Read a bag in order, across its files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from rclpy.duration import Duration
from rclpy.time import Time

from ._mcap import McapStorageReader, Record
from ._metadata import BagMetadata, FileInformation, MessageDefinition, MetadataIo, TopicInformation, TopicMetadata
from ._metadata import from_dict as metadata_from_dict
from ._options import ConverterOptions, ReadOrder, ReadOrderSortBy, StorageFilter, StorageOptions
from ._sqlite import SqliteStorageReader

StorageReader = McapStorageReader | SqliteStorageReader
_SUFFIXES: dict[str, type[StorageReader]] = {".mcap": McapStorageReader, ".db3": SqliteStorageReader}


def get_registered_readers() -> set[str]:
    """Return the storages that can be read."""
    return {s.identifier for s in _SUFFIXES.values()}


def open_file(path: Path) -> StorageReader:
    """Open one file of a bag by its suffix."""
    if path.suffix == ".zstd":
        raise RuntimeError(f"{path}: compressed bag files are not part of ros2_lite; decompress with `zstd -d`")
    if path.suffix not in _SUFFIXES:
        raise RuntimeError(f"No plugin detected that could open file {path}")
    if not path.is_file():
        raise RuntimeError(f"No such bag file: {path}")
    return _SUFFIXES[path.suffix](path)


def bag_files(uri: str) -> list[Path]:
    """Return a bag's files: those that metadata.yaml names, without it those in the folder, by number."""
    path = Path(uri)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise RuntimeError(f"Bag path {uri} does not exist.")
    if MetadataIo().metadata_file_exists(uri):
        named = [path / p for p in MetadataIo().read_metadata(uri).relative_file_paths]
        # a recorder that was killed between opening a file and naming it
        return [p if p.exists() else path / p.name for p in named]
    found = [p for p in path.iterdir() if p.suffix in _SUFFIXES]
    if not found:
        raise RuntimeError(f"Could not find metadata in bag directory {uri}")
    return sorted(found, key=lambda p: [int(n) for n in re.findall(r"\d+", p.stem)][-1:])


def metadata_of(uri: str) -> BagMetadata:
    """Return a bag's metadata, counted anew where it was cut off or has none."""
    path = Path(uri)
    files = bag_files(uri)
    readers = [open_file(f) for f in files]
    whole = all(r.whole for r in readers) and (path.is_file() or MetadataIo().metadata_file_exists(uri))
    within = readers[0].metadata() if len(readers) == 1 else None
    if whole and path.is_dir():
        metadata = MetadataIo().read_metadata(uri)
    elif whole and within:
        metadata = metadata_from_dict(within)
    else:
        metadata = count(readers)
    metadata.bag_size = sum(f.stat().st_size for f in files)
    for reader in readers:
        reader.close()
    return metadata


def count(readers: list[StorageReader]) -> BagMetadata:
    """Make metadata from what the files hold."""
    topics: dict[str, TopicInformation] = {}
    files = []
    for reader in readers:
        total = 0
        for found in reader.topics():
            known = topics.setdefault(found.topic_metadata.name, TopicInformation(found.topic_metadata, 0))
            known.message_count += found.message_count
            total += found.message_count
        files.append(
            FileInformation(
                reader.path.name, Time(nanoseconds=reader.start), Duration(nanoseconds=reader.end - reader.start), total
            )
        )
    used = [f for f in files if f.message_count]
    start = min((f.starting_time.nanoseconds for f in used), default=0)
    end = max((f.starting_time.nanoseconds + f._duration_ns for f in used), default=start)
    return BagMetadata(
        storage_identifier=readers[0].identifier,
        relative_file_paths=[f.path for f in files],
        files=files,
        duration=Duration(nanoseconds=end - start),
        starting_time=Time(nanoseconds=start),
        message_count=sum(f.message_count for f in files),
        topics_with_message_count=list(topics.values()),
    )


class SequentialReader:
    """Reads a bag: `open`, then `read_next` while `has_next`; also a bag whose recorder was killed."""

    def __init__(self) -> None:
        self._readers: list[StorageReader] | None = None

    def open(self, storage_options: StorageOptions, converter_options: ConverterOptions) -> None:
        """Open a bag's folder or a single file; RuntimeError says why not."""
        converter_options.check()
        files = bag_files(storage_options.uri)
        self._uri = storage_options.uri
        self._readers = [open_file(f) for f in files]
        if storage_options.storage_id and storage_options.storage_id != self._readers[0].identifier:
            raise RuntimeError(
                f"{storage_options.uri} is stored as {self._readers[0].identifier}, not as {storage_options.storage_id}"
            )
        self._bounds = (storage_options.start_time_ns, storage_options.end_time_ns)
        self._filter = StorageFilter()
        self._order = ReadOrder()
        self._position: int | None = self._bounds[0] if self._bounds[0] >= 0 else None
        self._restart()

    def open_uri(self, uri: str) -> None:
        """Open a bag with default options."""
        self.open(StorageOptions(uri), ConverterOptions())

    def _opened(self) -> list[StorageReader]:
        if self._readers is None:
            raise RuntimeError("Bag is not open. Call open() before reading.")
        return self._readers

    def _restart(self) -> None:
        readers = self._opened()
        reverse = self._order.reverse
        parts = (r.messages(self._position, reverse) for r in (reversed(readers) if reverse else readers))
        self._messages: Iterator[Record] = chain.from_iterable(parts)
        self._next: Record | None = None

    def _advance(self) -> Record | None:
        if self._next is None:
            for record in self._messages:
                if self._bounds[1] >= 0 and record[2] > self._bounds[1] and not self._order.reverse:
                    break
                if self._filter.admits(record[0]):
                    self._next = record
                    break
        return self._next

    def has_next(self) -> bool:
        """Tell whether there is another message that passes the filter."""
        self._opened()
        return self._advance() is not None

    def read_next(self) -> tuple[str, bytes, int]:
        """Return topic, CDR bytes and the time received (ns) of the next message."""
        self._opened()
        record = self._advance()
        if record is None:
            raise RuntimeError("Bag is at end. No next message.")
        self._next = None
        return record[0], bytes(record[1]), record[2]

    def seek(self, timestamp: int) -> None:
        """Go to a time (ns)."""
        self._position = timestamp
        self._restart()

    def set_filter(self, storage_filter: StorageFilter) -> None:
        """Read only some topics, from here on."""
        self._opened()
        self._filter = storage_filter
        if self._next is not None and not storage_filter.admits(self._next[0]):
            self._next = None

    def reset_filter(self) -> None:
        """Read all topics."""
        self.set_filter(StorageFilter())

    def set_read_order(self, order: ReadOrder) -> bool:
        """Choose the order; False when it cannot be had."""
        if order.sort_by is ReadOrderSortBy.PublishedTimestamp or (
            order.reverse and not all(r.whole for r in self._opened())
        ):
            return False
        self._order = order
        self._restart()
        return True

    def get_metadata(self) -> BagMetadata:
        """Return what the bag says about itself."""
        self._opened()
        return metadata_of(self._uri)

    def get_all_topics_and_types(self) -> list[TopicMetadata]:
        """Return all topics."""
        found: dict[str, TopicMetadata] = {}
        for reader in self._opened():
            for t in reader.topics():
                found.setdefault(t.topic_metadata.name, t.topic_metadata)
        return list(found.values())

    def get_all_message_definitions(self) -> list[MessageDefinition]:
        """Return the definitions of all types."""
        found: dict[str, MessageDefinition] = {}
        for reader in self._opened():
            for definition in reader.definitions():
                found.setdefault(definition.topic_type, definition)
        return list(found.values())
