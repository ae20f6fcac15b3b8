"""What a bag says about itself, and metadata.yaml, in rosbag2's version 9."""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rclpy.duration import Duration
from rclpy.time import Time

from ._qos import QoS, to_rclcpp_qos_vector

VERSION = 9
NO_TIME = 2**63 - 1  # the start of a bag without messages, as rosbag2 writes it
METADATA_FILE = "metadata.yaml"


@dataclass
class TopicMetadata:
    """A topic in a bag."""

    id: int
    name: str
    type: str
    serialization_format: str
    offered_qos_profiles: list[QoS] = field(default_factory=list)
    type_description_hash: str = ""

    def equals(self, other: TopicMetadata) -> bool:
        """Compare what identifies a topic."""
        return (self.name, self.type, self.serialization_format) == (other.name, other.type, other.serialization_format)


@dataclass
class TopicInformation:
    """A topic and how many messages it has."""

    topic_metadata: TopicMetadata
    message_count: int


@dataclass
class MessageDefinition:
    """The text that defines a type, with all it refers to."""

    topic_type: str
    encoding: str
    encoded_message_definition: str
    type_hash: str


class FileInformation:
    """One of a bag's files."""

    path: str
    starting_time: Time
    message_count: int

    def __init__(self, path: str, starting_time: Time, duration: Duration, message_count: int) -> None:
        self.path = path
        self.starting_time = starting_time
        self._duration_ns = duration.nanoseconds
        self.message_count = message_count

    @property
    def duration(self) -> datetime.timedelta:
        """Time between the first and the last message."""
        return datetime.timedelta(microseconds=self._duration_ns / 1000)

    @duration.setter
    def duration(self, value: datetime.timedelta) -> None:
        self._duration_ns = round(value.total_seconds() * 1e9)


@dataclass(repr=False)
class BagMetadata:
    """A bag's files, topics, counts and times."""

    version: int = VERSION
    bag_size: int = 0
    storage_identifier: str = ""
    relative_file_paths: list[str] = field(default_factory=list)
    files: list[FileInformation] = field(default_factory=list)
    duration: Duration = field(default_factory=lambda: Duration(nanoseconds=0))
    starting_time: Time = field(default_factory=lambda: Time(nanoseconds=0))
    message_count: int = 0
    topics_with_message_count: list[TopicInformation] = field(default_factory=list)
    compression_format: str = ""
    compression_mode: str = ""
    custom_data: dict[str, str] = field(default_factory=dict)
    ros_distro: str = ""

    def __repr__(self) -> str:
        from ._info import format_metadata

        return format_metadata(self)


class MetadataIo:
    """Reads and writes metadata.yaml in a bag's folder."""

    def metadata_file_exists(self, uri: str) -> bool:
        """Tell whether the folder has one."""
        return Path(uri, METADATA_FILE).is_file()

    def read_metadata(self, uri: str) -> BagMetadata:
        """Read the folder's; RuntimeError says what is wrong with it."""
        path = Path(uri, METADATA_FILE)
        try:
            metadata = self.deserialize_metadata(path.read_text())
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as e:
            raise RuntimeError(f"Exception on parsing info file {path}: {e!r}") from e
        metadata.bag_size = sum(
            Path(uri, p).stat().st_size for p in metadata.relative_file_paths if Path(uri, p).exists()
        )
        return metadata

    def write_metadata(self, uri: str, metadata: BagMetadata) -> None:
        """Write the folder's, whole or not at all."""
        path = Path(uri, METADATA_FILE)
        temporary = path.with_suffix(".yaml.tmp")
        temporary.write_text(self.serialize_metadata(metadata))
        os.replace(temporary, path)

    def serialize_metadata(self, metadata: BagMetadata) -> str:
        """Return the YAML of metadata.yaml."""
        return yaml.safe_dump({"rosbag2_bagfile_information": to_dict(metadata)}, sort_keys=False)

    def deserialize_metadata(self, text: str) -> BagMetadata:
        """Read the YAML of metadata.yaml."""
        return from_dict(yaml.safe_load(text)["rosbag2_bagfile_information"])


def to_dict(m: BagMetadata) -> dict[str, Any]:
    """Return metadata as rosbag2 lays them out."""
    return {
        "version": m.version,
        "storage_identifier": m.storage_identifier,
        "duration": {"nanoseconds": m.duration.nanoseconds},
        "starting_time": {"nanoseconds_since_epoch": m.starting_time.nanoseconds},
        "message_count": m.message_count,
        "topics_with_message_count": [
            {
                "topic_metadata": {
                    "name": t.topic_metadata.name,
                    "type": t.topic_metadata.type,
                    "serialization_format": t.topic_metadata.serialization_format,
                    "offered_qos_profiles": [q.to_dict() for q in t.topic_metadata.offered_qos_profiles],
                    "type_description_hash": t.topic_metadata.type_description_hash,
                },
                "message_count": t.message_count,
            }
            for t in m.topics_with_message_count
        ],
        "compression_format": m.compression_format,
        "compression_mode": m.compression_mode,
        "relative_file_paths": m.relative_file_paths,
        "files": [
            {
                "path": f.path,
                "starting_time": {"nanoseconds_since_epoch": f.starting_time.nanoseconds},
                "duration": {"nanoseconds": f._duration_ns},
                "message_count": f.message_count,
            }
            for f in m.files
        ],
        "custom_data": m.custom_data or None,
        "ros_distro": m.ros_distro,
    }


def from_dict(info: dict[str, Any]) -> BagMetadata:
    """Read metadata of any version from 1 to 9."""

    def qos(value: Any) -> list[QoS]:
        return to_rclcpp_qos_vector(value, 8) if isinstance(value, str) else [QoS.from_dict(v) for v in value or []]

    topics = []
    for t in info["topics_with_message_count"] or []:
        m = t["topic_metadata"]
        topics.append(
            TopicInformation(
                TopicMetadata(
                    0,
                    m["name"],
                    m["type"],
                    m["serialization_format"],
                    qos(m.get("offered_qos_profiles")),
                    m.get("type_description_hash", ""),
                ),
                t["message_count"],
            )
        )
    files = [
        FileInformation(
            f["path"],
            Time(nanoseconds=f["starting_time"]["nanoseconds_since_epoch"]),
            Duration(nanoseconds=f["duration"]["nanoseconds"]),
            f["message_count"],
        )
        for f in info.get("files") or []
    ]
    return BagMetadata(
        version=info["version"],
        storage_identifier=info["storage_identifier"],
        relative_file_paths=info["relative_file_paths"],
        files=files,
        duration=Duration(nanoseconds=info["duration"]["nanoseconds"]),
        starting_time=Time(nanoseconds=info["starting_time"]["nanoseconds_since_epoch"]),
        message_count=info["message_count"],
        topics_with_message_count=topics,
        compression_format=info.get("compression_format", ""),
        compression_mode=info.get("compression_mode", ""),
        custom_data=dict(info.get("custom_data") or {}),
        ros_distro=info.get("ros_distro") or "",
    )
