"""What is in a bag, for people (`ros2 bag info`), and metadata made anew (`ros2 bag reindex`)."""

from __future__ import annotations

import time

from ._metadata import BagMetadata, MetadataIo, TopicInformation
from ._options import StorageOptions
from ._reader import bag_files, count, metadata_of, open_file

_INDENT = " " * 19


class Info:
    """Reads what a bag says about itself."""

    def read_metadata(self, uri: str, storage_id: str) -> BagMetadata:
        """Return a bag's metadata; RuntimeError when there is no bag."""
        return metadata_of(uri)

    def read_metadata_and_output_service_verbose(self, uri: str, storage_id: str) -> None:
        """Print a bag's metadata."""
        print(format_metadata(metadata_of(uri)))


class Reindexer:
    """Makes metadata.yaml from a bag's files."""

    def reindex(self, storage_options: StorageOptions) -> None:
        """Count what the files of a bag's folder hold and write its metadata.yaml."""
        readers = [open_file(f) for f in bag_files(storage_options.uri)]
        MetadataIo().write_metadata(storage_options.uri, count(readers))
        for reader in readers:
            reader.close()


def _in_seconds(ns: int) -> str:
    return f"{ns // 10**9}.{ns % 10**9:09d}"


def _date(ns: int) -> str:
    moment = time.localtime(min(ns // 10**9, 2**40))
    day = time.strftime("%b %e %Y %H:%M:%S", moment)
    return f"{day}.{ns % 10**9:09d} ({_in_seconds(ns)})"


def _size(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _is_service_event(topic: TopicInformation) -> bool:
    m = topic.topic_metadata
    return "/srv/" in m.type and m.type.endswith("_Event") and m.name.endswith("/_service_event")


def format_metadata(m: BagMetadata) -> str:
    """Lay a bag's metadata out as `ros2 bag info` does."""
    start = m.starting_time.nanoseconds
    events = [t for t in m.topics_with_message_count if _is_service_event(t)]
    topics = [t for t in m.topics_with_message_count if not _is_service_event(t)]
    lines = [
        f"Topic: {t.topic_metadata.name} | Type: {t.topic_metadata.type} | Count: {t.message_count} | "
        f"Serialization Format: {t.topic_metadata.serialization_format}"
        for t in topics
    ]
    services = [
        f"Service: {t.topic_metadata.name.removesuffix('/_service_event')} | "
        f"Type: {t.topic_metadata.type.removesuffix('_Event')} | Event Count: {t.message_count} | "
        f"Serialization Format: {t.topic_metadata.serialization_format}"
        for t in events
    ]
    return "\n".join(
        [
            "",
            "Files:             " + f"\n{_INDENT}".join(m.relative_file_paths),
            f"Bag size:          {_size(m.bag_size)}",
            f"Storage id:        {m.storage_identifier}",
            f"ROS Distro:        {m.ros_distro or 'unknown'}",
            f"Duration:          {_in_seconds(m.duration.nanoseconds)}s",
            f"Start:             {_date(start)}",
            f"End:               {_date(start + m.duration.nanoseconds)}",
            f"Messages:          {m.message_count - sum(t.message_count for t in events)}",
            "Topic information: " + f"\n{_INDENT}".join(lines),
            f"Service:           {len(services)}",
            "Service information: " + f"\n{_INDENT}  ".join(services) + ("\n" if services else ""),
        ]
    )
