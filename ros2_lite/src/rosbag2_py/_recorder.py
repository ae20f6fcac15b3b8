"""Record topics of the graph into a bag."""

from __future__ import annotations

import datetime
import re
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.expand_topic_name import expand_topic_name
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from ros2_lite.idl import InterfaceError
from ros2_lite.idl.classes import get_interface

from ._metadata import TopicMetadata
from ._options import ConverterOptions, StorageOptions
from ._qos import QoS
from ._session import ended_by_signals, make_context
from ._writer import SequentialWriter


@dataclass
class RecordOptions:
    """What to record. Compression of files or messages, keyboard controls and starting paused are not offered."""

    all_topics: bool = False
    all_services: bool = False
    is_discovery_disabled: bool = False
    topics: list[str] = field(default_factory=list)
    topic_types: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    exclude_topics: list[str] = field(default_factory=list)
    exclude_topic_types: list[str] = field(default_factory=list)
    exclude_service_events: list[str] = field(default_factory=list)
    rmw_serialization_format: str = ""
    topic_polling_interval: datetime.timedelta = datetime.timedelta(milliseconds=100)
    regex: str = ""
    exclude_regex: str = ""
    node_prefix: str = ""
    compression_mode: str = ""
    compression_format: str = ""
    compression_queue_size: int = 1
    compression_threads: int = 0
    compression_threads_priority: int = 0
    topic_qos_profile_overrides: dict[str, QoSProfile] = field(default_factory=dict)
    include_hidden_topics: bool = False
    include_unpublished_topics: bool = False
    ignore_leaf_topics: bool = False
    start_paused: bool = False
    use_sim_time: bool = False
    disable_keyboard_controls: bool = False


class Recorder:
    """Records until `cancel` is called, from another thread or by SIGINT or SIGTERM."""

    _cancelled = threading.Event()

    def __init__(self, log_level: str = "info") -> None:
        self._context = make_context(log_level)

    def __del__(self) -> None:
        if hasattr(self, "_context"):
            self._context.try_shutdown()

    @staticmethod
    def cancel() -> None:
        """End the recording that is going on."""
        Recorder._cancelled.set()

    def record(
        self, storage_options: StorageOptions, record_options: RecordOptions, node_name: str = "rosbag2_recorder"
    ) -> None:
        """Record; returns when the bag is closed. RuntimeError when it cannot be opened."""
        if record_options.compression_mode not in ("", "none"):
            raise NotImplementedError(
                "rosbag2_py compression_mode is not part of ros2_lite; the MCAP preset zstd_fast compresses chunks"
            )
        if record_options.use_sim_time and record_options.is_discovery_disabled:
            raise RuntimeError(
                "use_sim_time and is_discovery_disabled both set, but are incompatible settings. "
                "The /clock topic needs to be discovered to record with sim time."
            )
        Recorder._cancelled.clear()
        with ended_by_signals(Recorder.cancel):
            writer = SequentialWriter()
            writer.open(storage_options, ConverterOptions("cdr", record_options.rmw_serialization_format or "cdr"))
            session = None
            executor = SingleThreadedExecutor(context=self._context)
            try:
                session = _Session(self._context, node_name, writer, record_options)
                executor.add_node(session.node)
                spinner = threading.Thread(target=_spin, args=(executor,), daemon=True)
                spinner.start()
                Recorder._cancelled.wait()
                executor.shutdown(timeout_sec=5.0)
                spinner.join(5.0)
            finally:
                if session is not None:
                    session.stop()
                writer.close()


def _spin(executor: SingleThreadedExecutor) -> None:
    try:
        executor.spin()
    except ExternalShutdownException:
        Recorder.cancel()


class _Session:
    """The node that records: looks for topics, subscribes, writes."""

    def __init__(self, context: Any, name: str, writer: SequentialWriter, options: RecordOptions) -> None:
        overrides = [rclpy.parameter.Parameter("use_sim_time", value=True)] if options.use_sim_time else []
        self.node: Node = rclpy.create_node(
            name, context=context, start_parameter_services=False, parameter_overrides=overrides
        )
        self.writer, self.options = writer, options
        self.subscriptions: dict[str, Any] = {}
        self.ignored: set[str] = set()
        namespace = self.node.get_namespace()
        self.wanted, self.unwanted = (
            {expand_topic_name(t, self.node.get_name(), namespace) for t in names}
            for names in (
                [*options.topics, *options.services],
                [*options.exclude_topics, *options.exclude_service_events],
            )
        )
        log = self.node.get_logger()
        log.info("Listening for topics...")
        self.look()
        if not options.is_discovery_disabled:
            self.node.create_timer(options.topic_polling_interval.total_seconds(), self.look)
        log.info("Recording...")

    def look(self) -> None:
        """Subscribe to topics that have appeared."""
        for name, types in self.node.get_topic_names_and_types():
            if name in self.subscriptions or name in self.ignored or not self.admits(name, types):
                continue
            if len(types) > 1:
                self.node.get_logger().warning(
                    f"Topic '{name}' has more than one type associated. Only topics with one type are supported"
                )
                self.ignored.add(name)
                continue
            self.subscribe(name, types[0])

    def admits(self, name: str, types: list[str]) -> bool:
        """Tell whether a topic is to be recorded."""
        o = self.options
        event = name.endswith("/_service_event")
        if (
            name in self.unwanted
            or set(types) & set(o.exclude_topic_types)
            or (o.exclude_regex and re.search(o.exclude_regex, name))
        ):
            return False
        asked = (
            name in self.wanted
            or bool(set(types) & set(o.topic_types))
            or bool(o.regex and re.search(o.regex, name))
            or (o.all_services if event else o.all_topics)
        )
        hidden = any(part.startswith("_") for part in name.split("/")) and not event
        if not asked or (hidden and not o.include_hidden_topics and name not in self.wanted):
            return False
        if not o.include_unpublished_topics and not self.node.count_publishers(name):
            return False
        return not (o.ignore_leaf_topics and not self.node.count_subscribers(name))

    def subscribe(self, name: str, type_: str) -> None:
        """Start recording a topic."""
        try:
            cls = get_interface(type_)
        except InterfaceError as e:
            self.node.get_logger().warning(f"Topic '{name}' has unknown type '{type_}' and is not recorded: {e}")
            self.ignored.add(name)
            return
        offers = self.node.get_publishers_info_by_topic(name)
        profiles = [QoS.of(o.qos_profile) for o in offers]
        self.writer.create_topic(TopicMetadata(0, name, type_, "cdr", profiles))
        qos = self.options.topic_qos_profile_overrides.get(name) or request_for([o.qos_profile for o in offers])
        self.subscriptions[name] = self.node.create_subscription(cls, name, partial(self.take, name), qos, raw=True)
        self.node.get_logger().info(f"Subscribed to topic '{name}'")

    def take(self, topic: str, data: bytes, info: dict[str, Any]) -> None:
        """Write a message that came in."""
        received = (
            self.node.get_clock().now().nanoseconds
            if self.options.use_sim_time
            else info.get("received_timestamp") or time.time_ns()
        )
        self.writer.write(topic, data, received, info.get("source_timestamp") or received)

    def stop(self) -> None:
        """End all subscriptions."""
        self.node.get_logger().info("Recording stopped")
        self.node.destroy_node()


def request_for(offers: list[QoSProfile]) -> QoSProfile:
    """Return the strictest profile that matches every publisher, so that as little as possible is lost."""
    request = QoSProfile(depth=10)
    reliable = bool(offers) and all(o.reliability is ReliabilityPolicy.RELIABLE for o in offers)
    latched = bool(offers) and all(o.durability is DurabilityPolicy.TRANSIENT_LOCAL for o in offers)
    if offers:
        request.reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        request.durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
    return request
