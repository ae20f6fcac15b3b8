"""Upstream's private module of plain types; code that needs `QoS` finds it here."""

from ._metadata import BagMetadata, FileInformation, MessageDefinition, MetadataIo, TopicInformation, TopicMetadata
from ._options import (
    ConverterOptions,
    ReadOrder,
    ReadOrderSortBy,
    StorageFilter,
    StorageOptions,
    get_default_storage_id,
)
from ._qos import Duration, QoS, convert_rclcpp_qos_to_rclpy_qos, to_rclcpp_qos_vector

__all__ = [
    "BagMetadata",
    "ConverterOptions",
    "Duration",
    "FileInformation",
    "MessageDefinition",
    "MetadataIo",
    "QoS",
    "ReadOrder",
    "ReadOrderSortBy",
    "StorageFilter",
    "StorageOptions",
    "TopicInformation",
    "TopicMetadata",
    "convert_rclcpp_qos_to_rclpy_qos",
    "get_default_storage_id",
    "to_rclcpp_qos_vector",
]
