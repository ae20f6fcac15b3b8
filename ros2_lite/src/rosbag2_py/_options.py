"""What a bag is opened with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum


def get_default_storage_id() -> str:
    """Return the storage used when none is named."""
    return "mcap"


@dataclass
class StorageOptions:
    """Where a bag is and how it is stored; 0 stands for no limit."""

    uri: str
    storage_id: str = ""
    max_bagfile_size: int = 0  # bytes
    max_bagfile_duration: int = 0  # s
    max_cache_size: int = 0
    storage_preset_profile: str = ""
    storage_config_uri: str = ""
    snapshot_mode: bool = False
    start_time_ns: int = -1
    end_time_ns: int = -1
    custom_data: dict[str, str] = field(default_factory=dict)


@dataclass
class ConverterOptions:
    """Serialization formats; here both are 'cdr' or empty."""

    input_serialization_format: str = ""
    output_serialization_format: str = ""

    def check(self) -> None:
        """Refuse what would need a converter."""
        for name in (self.input_serialization_format, self.output_serialization_format):
            if name not in ("", "cdr"):
                raise RuntimeError(
                    f"No converter for serialization format '{name}' found; ros2_lite reads and writes cdr"
                )


@dataclass
class StorageFilter:
    """Which topics to read; an empty list or expression does not filter."""

    topics: list[str] = field(default_factory=list)
    services_events: list[str] = field(default_factory=list)
    regex: str = ""
    exclude_topics: list[str] = field(default_factory=list)
    exclude_service_events: list[str] = field(default_factory=list)
    regex_to_exclude: str = ""

    def admits(self, topic: str) -> bool:
        """Tell whether messages of a topic pass."""
        if topic in self.exclude_topics or topic in self.exclude_service_events:
            return False
        if self.regex_to_exclude and re.search(self.regex_to_exclude, topic):
            return False
        if not (self.topics or self.services_events or self.regex):
            return True
        return (
            topic in self.topics or topic in self.services_events or bool(self.regex and re.search(self.regex, topic))
        )


class ReadOrderSortBy(Enum):
    """By which time messages are read."""

    ReceivedTimestamp = 0
    PublishedTimestamp = 1
    File = 2


@dataclass
class ReadOrder:
    """In which order messages are read."""

    sort_by: ReadOrderSortBy = ReadOrderSortBy.ReceivedTimestamp
    reverse: bool = False
