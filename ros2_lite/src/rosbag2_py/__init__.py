"""Bags: write, read, record and play ROS 2 messages in MCAP and SQLite files, under rosbag2's Python names."""

from __future__ import annotations

from typing import Any

from ._info import Info, Reindexer
from ._message_definitions import LocalMessageDefinitionSource
from ._metadata import (
    BagMetadata,
    FileInformation,
    MessageDefinition,
    MetadataIo,
    TopicInformation,
    TopicMetadata,
)
from ._options import (
    ConverterOptions,
    ReadOrder,
    ReadOrderSortBy,
    StorageFilter,
    StorageOptions,
    get_default_storage_id,
)
from ._player import Player, PlayOptions, ServiceRequestsSource
from ._qos import convert_rclcpp_qos_to_rclpy_qos, to_rclcpp_qos_vector
from ._reader import SequentialReader, get_registered_readers
from ._recorder import Recorder, RecordOptions
from ._writer import SequentialWriter, get_registered_compressors, get_registered_serializers, get_registered_writers

__all__ = [
    "BagMetadata",
    "ConverterOptions",
    "FileInformation",
    "Info",
    "LocalMessageDefinitionSource",
    "MessageDefinition",
    "MetadataIo",
    "PlayOptions",
    "Player",
    "ReadOrder",
    "ReadOrderSortBy",
    "RecordOptions",
    "Recorder",
    "Reindexer",
    "SequentialReader",
    "SequentialWriter",
    "ServiceRequestsSource",
    "StorageFilter",
    "StorageOptions",
    "TopicInformation",
    "TopicMetadata",
    "convert_rclcpp_qos_to_rclpy_qos",
    "get_default_storage_id",
    "get_registered_compressors",
    "get_registered_readers",
    "get_registered_serializers",
    "get_registered_writers",
    "to_rclcpp_qos_vector",
]


def __getattr__(name: str) -> Any:
    from ros2_lite.missing import missing

    raise missing(__name__, name)
