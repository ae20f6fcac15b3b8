"""Play a bag: publish its messages at the pace at which they came."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.time import Time

from ros2_lite.idl import InterfaceError
from ros2_lite.idl.classes import get_interface

from ._options import ConverterOptions, StorageFilter, StorageOptions
from ._qos import QoS
from ._reader import SequentialReader
from ._session import ended_by_signals, make_context


class ServiceRequestsSource(Enum):
    """Where service requests would be taken from."""

    SERVICE_INTROSPECTION = 0
    CLIENT_INTROSPECTION = 1


@dataclass
class PlayOptions:
    """What to play and how fast; times in seconds. Keyboard controls and service requests are not offered."""

    read_ahead_queue_size: int = 1000
    node_prefix: str = ""
    rate: float = 1.0
    topics_to_filter: list[str] = field(default_factory=list)
    services_to_filter: list[str] = field(default_factory=list)
    regex_to_filter: str = ""
    exclude_regex_to_filter: str = ""
    exclude_topics_to_filter: list[str] = field(default_factory=list)
    exclude_service_events_to_filter: list[str] = field(default_factory=list)
    topic_qos_profile_overrides: dict[str, QoSProfile] = field(default_factory=dict)
    loop: bool = False
    topic_remapping_options: list[str] = field(default_factory=list)
    clock_publish_frequency: float = 0.0
    clock_publish_on_topic_publish: bool = False
    clock_topics: list[str] = field(default_factory=list)
    delay: float = 0.0
    playback_duration: float = -1.0
    disable_keyboard_controls: bool = False
    start_paused: bool = False
    start_offset: float = 0.0
    playback_until_timestamp: int = -1  # ns
    wait_acked_timeout: int = -1  # ms
    disable_loan_message: bool = False
    publish_service_requests: bool = False
    service_requests_source: ServiceRequestsSource = ServiceRequestsSource.SERVICE_INTROSPECTION


class Player:
    """Plays until the bag ends or `cancel` is called, from another thread or by SIGINT or SIGTERM."""

    _cancelled = threading.Event()

    def __init__(self, log_level: str = "info") -> None:
        self._context = make_context(log_level)

    def __del__(self) -> None:
        if hasattr(self, "_context"):
            self._context.try_shutdown()

    @staticmethod
    def cancel() -> None:
        """End the playing that is going on."""
        Player._cancelled.set()

    def play(self, storage_options: StorageOptions, play_options: PlayOptions) -> None:
        """Play a bag to its end."""
        self._play(storage_options, play_options, None)

    def burst(self, storage_options: StorageOptions, play_options: PlayOptions, num_messages: int) -> None:
        """Play the first messages of a bag without waiting between them; 0 for all."""
        self._play(storage_options, play_options, num_messages)

    def _play(self, storage: StorageOptions, options: PlayOptions, burst: int | None) -> None:
        for name in ("start_paused", "publish_service_requests"):
            if getattr(options, name):
                raise NotImplementedError(f"rosbag2_py PlayOptions.{name} is not part of ros2_lite")
        if options.rate <= 0:
            raise RuntimeError(f"The playback rate must be positive, not {options.rate}")
        Player._cancelled.clear()
        with ended_by_signals(Player.cancel):
            reader = SequentialReader()
            reader.open(storage, ConverterOptions())
            playback = _Playback(self._context, reader, options)
            try:
                again = True
                while again and not Player._cancelled.wait(max(options.delay, 0.0)):
                    playback.run(Player._cancelled, burst)
                    again = options.loop
                playback.wait_acked()
            finally:
                playback.close()


class _Playback:
    """The node that plays."""

    def __init__(self, context: Any, reader: SequentialReader, options: PlayOptions) -> None:
        self.reader, self.options, self.context = reader, options, context
        self.node: Node = rclpy.create_node(
            "rosbag2_player",
            context=context,
            start_parameter_services=False,
            cli_args=options.topic_remapping_options or None,
        )
        self.publishers: dict[str, Any] = {}
        selected = StorageFilter(
            options.topics_to_filter,
            options.services_to_filter,
            options.regex_to_filter,
            options.exclude_topics_to_filter,
            options.exclude_service_events_to_filter,
            options.exclude_regex_to_filter,
        )
        self.filter = selected
        for topic in reader.get_all_topics_and_types():
            if not selected.admits(topic.name):
                continue
            try:
                cls = get_interface(topic.type)
            except InterfaceError as e:
                self.node.get_logger().warning(f"Topic '{topic.name}' is not played: {e}")
                continue
            qos = options.topic_qos_profile_overrides.get(topic.name) or offer_for(topic.offered_qos_profiles)
            self.publishers[topic.name] = self.node.create_publisher(cls, topic.name, qos)
        self.clock: Any = None
        if options.clock_publish_frequency > 0 or options.clock_publish_on_topic_publish:
            from rosgraph_msgs.msg import Clock

            self.clock_type = Clock
            self.clock = self.node.create_publisher(Clock, "/clock", 10)

    def run(self, cancelled: threading.Event, burst: int | None) -> None:
        """Publish the bag once."""
        options, metadata = self.options, self.reader.get_metadata()
        start = metadata.starting_time.nanoseconds + round(options.start_offset * 1e9)
        ends = [
            e
            for e in (
                options.playback_until_timestamp,
                start + round(options.playback_duration * 1e9) if options.playback_duration >= 0 else -1,
            )
            if e >= 0
        ]
        self.reader.set_filter(self.filter)
        self.reader.seek(start)
        begun, stop = time.monotonic(), threading.Event()
        ticker = None
        if self.clock is not None and options.clock_publish_frequency > 0:
            ticker = threading.Thread(target=self._tick, args=(start, begun, stop), daemon=True)
            ticker.start()
        played = 0
        try:
            while self.reader.has_next() and not (burst and played >= burst):
                topic, data, at = self.reader.read_next()
                if ends and at > max(ends):
                    break
                wait = 0.0 if burst is not None else (at - start) * 1e-9 / options.rate - (time.monotonic() - begun)
                if cancelled.wait(wait) if wait > 0 else cancelled.is_set():
                    break
                if topic not in self.publishers:
                    continue
                if (
                    self.clock is not None
                    and options.clock_publish_on_topic_publish
                    and (not options.clock_topics or topic in options.clock_topics)
                ):
                    self.clock.publish(self.clock_type(clock=Time(nanoseconds=at).to_msg()))
                self.publishers[topic].publish(data)
                played += 1
        finally:
            stop.set()
            if ticker is not None:
                ticker.join()

    def _tick(self, start: int, begun: float, stop: threading.Event) -> None:
        while not stop.wait(1.0 / self.options.clock_publish_frequency):
            now = start + round((time.monotonic() - begun) * self.options.rate * 1e9)
            self.clock.publish(self.clock_type(clock=Time(nanoseconds=now).to_msg()))

    def wait_acked(self) -> None:
        """Give readers the time they are allowed to confirm what they got."""
        if self.options.wait_acked_timeout >= 0:
            from rclpy.duration import Duration

            limit = Duration(nanoseconds=self.options.wait_acked_timeout * 10**6)
            for publisher in self.publishers.values():
                publisher.wait_for_all_acked(limit)

    def close(self) -> None:
        """End all publishers."""
        self.node.destroy_node()


def offer_for(recorded: list[QoS]) -> QoSProfile:
    """Return a profile like the recorded ones when they agree, else a plain one."""
    profiles = [q.profile for q in recorded]
    relevant = {
        (p.reliability, p.durability, p.deadline.nanoseconds, p.liveliness, p.liveliness_lease_duration.nanoseconds)
        for p in profiles
    }
    if len(relevant) != 1:
        return QoSProfile(depth=10)
    # of a graph query depth is unknown (0); keep-all lets nothing be overwritten before it is sent
    return QoSProfile(
        depth=profiles[0].depth or 10, reliability=profiles[0].reliability, durability=profiles[0].durability
    )
