"""A bag's file in MCAP, written and read with the `mcap` library."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import yaml
from mcap.exceptions import McapError
from mcap.reader import SeekingReader
from mcap.records import Channel, Message, Metadata, Schema
from mcap.stream_reader import StreamReader
from mcap.writer import CompressionType, Writer

from ._metadata import MessageDefinition, TopicInformation, TopicMetadata
from ._options import StorageOptions
from ._qos import from_qos_list, to_rclcpp_qos_vector

_CHUNK_BYTES = 768 * 1024  # as rosbag2's own storage
_PRESETS: dict[str, dict[str, Any]] = {
    "": {},
    "none": {},
    "fastwrite": {"use_chunking": False},
    "zstd_fast": {"compression": CompressionType.ZSTD},
    "zstd_small": {"compression": CompressionType.ZSTD, "chunk_size": 4 * 1024 * 1024},
}
Record = tuple[str, bytes, int, int]  # topic, data, received ns, sent ns


class _Unbuffered:
    """A file whose every write is the system's when it returns, so that a killed process loses no finished chunk."""

    def __init__(self, path: Path) -> None:
        self.file = open(path, "xb", buffering=0)  # noqa: SIM115
        self.position = 0

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        while view:
            view = view[self.file.write(view) or 0 :]
        self.position += len(data)
        return len(data)

    def tell(self) -> int:
        return self.position

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.file.close()


class McapStorageWriter:
    """Appends messages to an .mcap file, in chunks of at most a second or 768 KiB."""

    identifier = "mcap"
    suffix = ".mcap"

    def __init__(self, stem: Path, options: StorageOptions) -> None:
        if options.storage_preset_profile not in _PRESETS:
            raise RuntimeError(f"unknown MCAP storage preset profile {options.storage_preset_profile}")
        # rosbag2's own storage leaves checksums out by default, too
        settings = {
            "chunk_size": _CHUNK_BYTES,
            "compression": CompressionType.NONE,
            "enable_crcs": False,
            **_PRESETS[options.storage_preset_profile],
        }
        self.path = stem.with_name(stem.name + self.suffix)
        self._stream = _Unbuffered(self.path)
        self._writer = Writer(self._stream, **settings)  # type: ignore[arg-type]
        self._writer.start(profile="ros2", library="ros2_lite")
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self._written = 0
        # the library has no public way to end a chunk early; without this one a crash costs a whole chunk
        self._end_chunk: Callable[[], None] = getattr(self._writer, "_Writer__finalize_chunk", lambda: None)

    def create_topic(self, topic: TopicMetadata, definition: MessageDefinition) -> None:
        """Announce a topic."""
        if topic.type not in self._schemas:
            self._schemas[topic.type] = self._writer.register_schema(
                topic.type, definition.encoding, definition.encoded_message_definition.encode()
            )
        self._channels[topic.name] = self._writer.register_channel(
            topic.name,
            topic.serialization_format,
            self._schemas[topic.type],
            {
                "offered_qos_profiles": from_qos_list(topic.offered_qos_profiles),
                "topic_type_hash": topic.type_description_hash,
            },
        )

    def write(self, topic: str, data: bytes, received: int, sent: int) -> None:
        """Append a message."""
        self._writer.add_message(self._channels[topic], received, data, sent)
        self._written += len(data)

    def sync(self) -> None:
        """Let everything written so far survive the process."""
        self._end_chunk()

    def size(self) -> int:
        """Return the bytes of messages so far, written out or not."""
        return self._written

    def close(self, metadata: dict[str, Any]) -> None:
        """Write the bag's metadata and the index, and close."""
        self._end_chunk()
        self._writer.add_metadata("rosbag2", {"serialized_metadata": yaml.safe_dump(metadata, sort_keys=False)})
        self._writer.finish()
        self._stream.close()


class McapStorageReader:
    """Reads an .mcap file, also one that was cut off: then up to the last whole record, in the order of the file."""

    identifier = "mcap"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] = open(path, "rb")  # noqa: SIM115
        self._schemas: dict[int, Schema] = {}
        self._channels: dict[int, Channel] = {}
        self._counts: dict[int, int] = {}
        self.start, self.end, self.whole = 0, 0, False
        self._metadata: dict[str, Any] | None = None
        try:
            self._read_summary()
        except (McapError, OSError, ValueError, KeyError, EOFError, struct.error):
            self.whole = False
        if not self.whole:
            self._scan()

    def _read_summary(self) -> None:
        if os.fstat(self._file.fileno()).st_size < 16:
            return
        summary = SeekingReader(self._file).get_summary()
        if summary is None or summary.statistics is None:
            return
        self._schemas, self._channels = dict(summary.schemas), dict(summary.channels)
        statistics = summary.statistics
        self._counts = dict(statistics.channel_message_counts)
        self.start, self.end = statistics.message_start_time, statistics.message_end_time
        self.whole = bool(summary.chunk_indexes) or not statistics.message_count

    def _scan(self) -> None:
        """Find out by reading everything what the summary would have said."""
        self._counts = {}
        times: list[int] = []
        for record in self._records():
            if isinstance(record, Schema):
                self._schemas[record.id] = record
            elif isinstance(record, Channel):
                self._channels[record.id] = record
            elif isinstance(record, Message):
                self._counts[record.channel_id] = self._counts.get(record.channel_id, 0) + 1
                times = [min([record.log_time, *times]), max([record.log_time, *times])]
        self.start, self.end = times or (0, 0)

    def _records(self) -> Iterator[Any]:
        """Yield records until the end, or until one is not whole."""
        if os.fstat(self._file.fileno()).st_size == 0:
            return
        self._file.seek(0)
        try:
            yield from StreamReader(self._file).records
        except (McapError, EOFError, ValueError, KeyError, IndexError, struct.error):
            if not self._schemas and not self._file.tell() > 8:
                raise RuntimeError(f"{self.path} is not an MCAP file") from None

    def topics(self) -> list[TopicInformation]:
        """Return the topics and their counts."""
        return [
            TopicInformation(
                TopicMetadata(
                    i,
                    c.topic,
                    self._schemas[c.schema_id].name if c.schema_id in self._schemas else "",
                    c.message_encoding,
                    to_rclcpp_qos_vector(c.metadata.get("offered_qos_profiles", ""), 9),
                    c.metadata.get("topic_type_hash", ""),
                ),
                self._counts.get(i, 0),
            )
            for i, c in self._channels.items()
        ]

    def definitions(self) -> list[MessageDefinition]:
        """Return the definitions of all types."""
        return [
            MessageDefinition(s.name, s.encoding, s.data.decode(errors="replace"), "") for s in self._schemas.values()
        ]

    def metadata(self) -> dict[str, Any] | None:
        """Return the bag's metadata from within the file, None when the file was cut off."""
        if not self.whole:
            return None
        found = None
        for record in SeekingReader(self._file).iter_metadata():
            if isinstance(record, Metadata) and record.name == "rosbag2":
                found = yaml.safe_load(record.metadata["serialized_metadata"])
        return found

    def messages(self, start: int | None, reverse: bool) -> Iterator[Record]:
        """Yield messages by time received, from `start` (ns) on, or back from there."""
        if self.whole:
            bounds: dict[str, Any] = {} if start is None else {"ending_at" if reverse else "starting_at": start}
            for _, channel, m in SeekingReader(self._file).iter_messages(reverse=reverse, **bounds):
                yield channel.topic, m.data, m.log_time, m.publish_time
            return
        if reverse:
            raise RuntimeError(
                f"{self.path} has no index (it was cut off or written without), it cannot be read in "
                "reverse; reindex the bag"
            )
        for record in self._records():
            if isinstance(record, Message) and (start is None or record.log_time >= start):
                yield self._channels[record.channel_id].topic, record.data, record.log_time, record.publish_time

    def close(self) -> None:
        """Close the file."""
        self._file.close()
