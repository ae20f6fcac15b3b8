"""The DDS endpoints of a node: made with its types and QoS, and announced to the graph."""

from __future__ import annotations

from typing import Any

from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.qos import (
    QoSProfile,
)

from ros2_lite import idl
from ros2_lite.compatibility import resolve_best_available
from ros2_lite.dds import names
from ros2_lite.dds.domain import Participant
from ros2_lite.dds.endpoints import Reader, Writer
from ros2_lite.dds.graph import Graph, NodeEntities
from ros2_lite.dds.qos import Profile
from ros2_lite.dds.services import Replier, Requester


class NodeEndpoints:
    """The part of `rclpy.node.Node` that makes endpoints, for its entities and for actions."""

    _destroyed: bool
    _context: Context
    _participant: Participant
    _graph: Graph
    _entities: NodeEntities
    _logger: RcutilsLogger

    def _require_open(self) -> None:
        if self._destroyed:
            raise InvalidHandle("cannot use Destroyable because destruction was requested")
        self._context._require_valid("failed to create it")

    def _profile(self, full_name: str, qos: QoSProfile, is_publisher: bool) -> Profile:
        peers = self._graph.endpoints_of_topic(
            names.topic_name(full_name, qos.avoid_ros_namespace_conventions), writers=not is_publisher
        )
        return resolve_best_available(qos._native(), (peer.profile for peer in peers), is_publisher)

    def _make_writer(self, msg_type: Any, full_name: str, qos: QoSProfile) -> Writer:
        self._require_open()
        writer = Writer(
            self._participant.handle,
            names.topic_name(full_name, qos.avoid_ros_namespace_conventions),
            idl.dds_type_name(msg_type),
            self._profile(full_name, qos, True),
            f"typehash={idl.type_hash(msg_type)};".encode(),
        )
        writer.logger_name = self._logger.name
        self._announce([writer], [])
        return writer

    def _make_reader(self, msg_type: Any, full_name: str, qos: QoSProfile) -> Reader:
        self._require_open()
        reader = Reader(
            self._participant.handle,
            names.topic_name(full_name, qos.avoid_ros_namespace_conventions),
            idl.dds_type_name(msg_type),
            self._profile(full_name, qos, False),
            f"typehash={idl.type_hash(msg_type)};".encode(),
        )
        reader.logger_name = self._logger.name
        self._announce([], [reader])
        return reader

    def _make_requester(self, srv_type: Any, full_name: str, qos: QoSProfile) -> Requester:
        self._require_open()
        requester = Requester(self._participant, full_name, *_service_types(srv_type), qos._native())
        self._announce([requester.writer], [requester.reader])
        return requester

    def _make_replier(self, srv_type: Any, full_name: str, qos: QoSProfile) -> Replier:
        self._require_open()
        replier = Replier(self._participant, full_name, *_service_types(srv_type), qos._native())
        self._announce([replier.writer], [replier.reader])
        return replier

    def _announce(self, writers: list[Writer], readers: list[Reader]) -> None:
        for writer in writers:
            self._entities.writers.append(writer.guid)
            writer.on_close = lambda gid=writer.guid: self._retract(gid)
        for reader in readers:
            self._entities.readers.append(reader.guid)
            reader.on_close = lambda gid=reader.guid: self._retract(gid)
        self._graph.touch()

    def _retract(self, gid: bytes) -> None:
        for gids in (self._entities.writers, self._entities.readers):
            if gid in gids:
                gids.remove(gid)
        self._graph.touch()


def _service_types(srv_type: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return (DDS type name, type hash) of a service's request and response."""
    return (
        (idl.dds_type_name(srv_type.Request), idl.type_hash(srv_type.Request)),
        (idl.dds_type_name(srv_type.Response), idl.type_hash(srv_type.Response)),
    )
