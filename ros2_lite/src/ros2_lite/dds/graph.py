"""The ROS graph: who is there, from DDS discovery and from the nodes' own announcements on `ros_discovery_info`.

One thread a context waits for discovery data and keeps the picture; queries read it, waiters are woken by it.
"""

from __future__ import annotations

import ctypes as ct
import logging
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from . import names
from .domain import Participant
from .endpoints import Reader, Writer
from .library import (
    ANY_STATE,
    BUILTIN_PARTICIPANT,
    BUILTIN_PUBLICATION,
    BUILTIN_SUBSCRIPTION,
    INSTANCE_ALIVE,
    BuiltinEndpoint,
    BuiltinParticipant,
    SampleInfo,
    check,
    lib,
)
from .qos import DURABILITY_TRANSIENT_LOCAL, HISTORY_KEEP_ALL, Profile, parse_user_data, read_profile, read_user_data
from .waitset import GuardCondition, WaitSet

TOPIC = "ros_discovery_info"
TYPE = "rmw_dds_common::msg::dds_::ParticipantEntitiesInfo_"
TYPE_HASH = "RIHS01_91a0593bacdcc50ea9bdcf849a938b128412cc1ea821245c663bcd26f83c295e"
GID_SIZE = 16
# Cyclone announces a discovered endpoint a moment before it matches it, and tells nobody of the match itself: whoever
# waits for a match looks again after this long.
MATCH_LAG_S = 0.02
_BATCH = 64
_log = logging.getLogger("ros2_lite.graph")


@dataclass
class NodeEntities:
    """What one node announces: its name and the gids of its endpoints."""

    namespace: str
    name: str
    readers: list[bytes] = field(default_factory=list)
    writers: list[bytes] = field(default_factory=list)


@dataclass(frozen=True)
class EndpointInfo:
    """A writer or reader somewhere in the domain."""

    gid: bytes
    participant: bytes
    topic: str
    type_name: str
    is_writer: bool
    profile: Profile
    user_data: dict[str, str]


def pack_announcement(participant: bytes, nodes: list[NodeEntities]) -> bytes:
    """Serialise `rmw_dds_common/msg/ParticipantEntitiesInfo`."""
    out = bytearray(b"\x00\x01\x00\x00")

    def u32(value: int) -> None:
        out.extend(b"\0" * (-len(out) % 4))  # the header's 4 bytes do not disturb alignment to 4
        out.extend(struct.pack("<I", value))

    def string(text: str) -> None:
        data = text.encode() + b"\0"
        u32(len(data))
        out.extend(data)

    out.extend(participant)
    u32(len(nodes))
    for node in nodes:
        string(node.namespace)
        string(node.name)
        for gids in (node.readers, node.writers):
            u32(len(gids))
            out.extend(b"".join(gids))
    return bytes(out)


def unpack_announcement(data: bytes | memoryview) -> tuple[bytes, list[NodeEntities]]:
    """Read `rmw_dds_common/msg/ParticipantEntitiesInfo`; ValueError says what is wrong with hostile bytes."""
    if len(data) < 4 or data[0] != 0 or data[1] not in (0, 1):
        raise ValueError("no CDR header")
    order = "<I" if data[1] == 1 else ">I"
    body = memoryview(data)[4:]
    pos = 0

    def raw(count: int) -> bytes:
        nonlocal pos
        if count > len(body) - pos:
            raise ValueError(f"{count} bytes wanted at offset {pos}, {len(body) - pos} left")
        pos += count
        return bytes(body[pos - count : pos])

    def u32() -> int:
        nonlocal pos
        pos += -pos % 4
        return int(struct.unpack(order, raw(4))[0])

    def string() -> str:
        return raw(u32()).rstrip(b"\0").decode("utf-8", "strict")

    def gids() -> list[bytes]:
        joined = raw(u32() * GID_SIZE)
        return [joined[i : i + GID_SIZE] for i in range(0, len(joined), GID_SIZE)]

    participant = raw(GID_SIZE)
    nodes = [NodeEntities(string(), string(), gids(), gids()) for _ in range(u32())]
    return participant, nodes


class Graph:
    """The picture of one domain as one participant sees it."""

    def __init__(self, participant: Participant) -> None:
        self._participant = participant
        self._own: list[NodeEntities] = []
        self._remote: dict[bytes, list[NodeEntities]] = {}
        self._endpoints: dict[bytes, EndpointInfo] = {}
        self._enclaves: dict[bytes, str] = {}
        self._participant_handles: dict[int, bytes] = {}
        self._endpoint_handles: dict[int, bytes] = {}
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], None]] = []
        self._dirty = False
        self._closing = False
        self._taking = threading.Lock()
        profile = Profile(depth=1, durability=DURABILITY_TRANSIENT_LOCAL)
        user_data = f"typehash={TYPE_HASH};".encode()
        self._writer = Writer(participant.handle, TOPIC, TYPE, profile, user_data)
        keep_all = Profile(HISTORY_KEEP_ALL, 0, durability=DURABILITY_TRANSIENT_LOCAL)
        self._reader = Reader(participant.handle, TOPIC, TYPE, keep_all, user_data, ignore_local=True)
        self._builtin = {
            topic: check(lib.dds_create_reader(participant.handle, topic, None, None), "no discovery reader")
            for topic in (BUILTIN_PARTICIPANT, BUILTIN_PUBLICATION, BUILTIN_SUBSCRIPTION)
        }
        self._wake = GuardCondition()
        self._waitset = WaitSet()
        self._waitset.attach(self._wake.handle, 0)
        self._waitset.attach(self._reader.condition, 1)
        for topic, reader in self._builtin.items():
            condition = check(lib.dds_create_readcondition(reader, ANY_STATE), "no discovery condition")
            self._waitset.attach(condition, topic)
        self._thread = threading.Thread(target=self._run, name="ros2_lite graph", daemon=True)
        self._thread.start()

    # --- this process's nodes ---

    def add_node(self, node: NodeEntities) -> None:
        """Announce a node; its endpoint lists may grow later, each time with `touch`."""
        with self._changed:
            self._own.append(node)
        self.touch()

    def remove_node(self, node: NodeEntities) -> None:
        """Stop announcing a node."""
        with self._changed:
            if node in self._own:
                self._own.remove(node)
        self.touch()

    def touch(self) -> None:
        """Announce again, soon: many changes in a row make few announcements."""
        with self._changed:
            self._dirty = True
            self._changed.notify_all()
        self._wake.trigger()
        self._notify()

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each change of the picture, on any thread."""
        with self._changed:
            self._listeners.append(listener)

    def remove_listener(self, listener: Callable[[], None]) -> None:
        """Undo add_listener."""
        with self._changed:
            if listener in self._listeners:
                self._listeners.remove(listener)

    # --- queries ---

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float | None) -> bool:
        """Block until `predicate` holds (it is asked again at each change) or time is up; returns what it says then."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        # The predicate is asked without the lock: queries take theirs in the other order.
        while not predicate():
            left = MATCH_LAG_S if deadline is None else min(MATCH_LAG_S, deadline - time.monotonic())
            if left <= 0 or self._closing:
                return predicate()
            with self._changed:
                self._changed.wait(left)
        return True

    def notify(self) -> None:
        """Make waiters look again."""
        with self._changed:
            self._changed.notify_all()

    def nodes(self) -> list[tuple[NodeEntities, str]]:
        """Return every node with the enclave of its process; this process's come first."""
        self._refresh()
        with self._changed:
            found = [(node, "/") for node in self._own]
            for participant, nodes in self._remote.items():
                enclave = self._enclaves.get(participant)
                if enclave is not None:
                    found += [(node, enclave) for node in nodes]
            return found

    def endpoints(self) -> list[EndpointInfo]:
        """Return every writer and reader in the domain."""
        self._refresh()
        with self._changed:
            return list(self._endpoints.values())

    def endpoints_of_topic(self, dds_topic: str, writers: bool) -> list[EndpointInfo]:
        """Return the writers (or readers) of one DDS topic."""
        return [e for e in self.endpoints() if e.topic == dds_topic and e.is_writer is writers]

    def node_of(self, gid: bytes) -> NodeEntities | None:
        """Return the node an endpoint belongs to, or None while that is unknown."""
        for node, _ in self.nodes():
            if gid in node.readers or gid in node.writers:
                return node
        return None

    # --- the thread ---

    def _run(self) -> None:
        while True:
            triggered = self._waitset.wait(None)
            self._wake.clear()
            with self._changed:
                if self._closing:
                    return
                dirty, self._dirty = self._dirty, False
                nodes = list(self._own) if dirty else []
                announcement = pack_announcement(self._participant.guid, nodes) if dirty else b""
            if dirty:
                self._writer.write(announcement)
            if triggered != [0] and self._refresh():
                with self._changed:
                    self._changed.notify_all()
                self._notify()

    def _refresh(self) -> bool:
        """Take what discovery has brought. Queries do it too: what this process made itself is there at once."""
        with self._taking:
            if self._closing:
                return False
            changed = self._take_announcements()
            changed |= self._take_participants()
            for topic in (BUILTIN_PUBLICATION, BUILTIN_SUBSCRIPTION):
                changed |= self._take_endpoints(topic)
            return changed

    def _notify(self) -> None:
        with self._changed:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def _take_announcements(self) -> bool:
        changed = False
        while (taken := self._reader.take()) is not None:
            try:
                participant, nodes = unpack_announcement(taken[0])
            except ValueError as error:
                _log.error("topic '%s': bad announcement ignored: %s", TOPIC, error)
                continue
            with self._changed:
                self._remote[participant] = nodes
            changed = True
        return changed

    def _take_participants(self) -> bool:
        changed = False
        for info, sample in self._take_builtin(BUILTIN_PARTICIPANT):
            with self._changed:
                if info.instance_state == INSTANCE_ALIVE and info.valid_data:
                    data = ct.cast(sample, ct.POINTER(BuiltinParticipant)).contents
                    gid = bytes(data.key.v)
                    self._participant_handles[info.instance_handle] = gid
                    if gid != self._participant.guid:
                        enclave = parse_user_data(read_user_data(data.qos)).get("enclave")
                        if enclave is not None:
                            self._enclaves[gid] = enclave
                else:
                    gid = self._participant_handles.pop(info.instance_handle, b"")
                    self._enclaves.pop(gid, None)
                    self._remote.pop(gid, None)
            changed = True
        return changed

    def _take_endpoints(self, topic: int) -> bool:
        changed = False
        for info, sample in self._take_builtin(topic):
            with self._changed:
                if info.instance_state == INSTANCE_ALIVE and info.valid_data:
                    data = ct.cast(sample, ct.POINTER(BuiltinEndpoint)).contents
                    gid = bytes(data.key.v)
                    self._endpoint_handles[info.instance_handle] = gid
                    self._endpoints[gid] = EndpointInfo(
                        gid,
                        bytes(data.participant_key.v),
                        (data.topic_name or b"").decode("utf-8", "replace"),
                        (data.type_name or b"").decode("utf-8", "replace"),
                        topic == BUILTIN_PUBLICATION,
                        read_profile(data.qos),
                        parse_user_data(read_user_data(data.qos)),
                    )
                else:
                    self._endpoints.pop(self._endpoint_handles.pop(info.instance_handle, b""), None)
            changed = True
        return changed

    def _take_builtin(self, topic: int) -> Iterator[tuple[SampleInfo, int]]:
        reader = self._builtin[topic]
        while True:
            samples = (ct.c_void_p * _BATCH)()
            infos = (SampleInfo * _BATCH)()
            count = lib.dds_take(reader, samples, infos, _BATCH, _BATCH)
            if count <= 0:
                return
            try:
                for i in range(count):
                    yield infos[i], samples[i] or 0
            finally:
                lib.dds_return_loan(reader, samples, count)
            if count < _BATCH:
                return

    def close(self) -> None:
        """Stop the thread. The announcements go with the participant."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._wake.trigger()
        if self._thread is not threading.current_thread():
            self._thread.join()
        with self._taking:  # no query is taking, none will
            pass
        self._writer.close()
        self._reader.close()
        self._wake.close()
        self._waitset.close()


def demangle_topics(endpoints: list[EndpointInfo], no_demangle: bool = False) -> dict[str, set[str]]:
    """Map ROS topic names to their ROS types; with `no_demangle`, every DDS topic under its own names."""
    found: dict[str, set[str]] = {}
    for endpoint in endpoints:
        name = endpoint.topic if no_demangle else names.ros_topic_from_dds(endpoint.topic)
        if name is not None:
            type_name = endpoint.type_name if no_demangle else names.ros_type_from_dds(endpoint.type_name)
            found.setdefault(name, set()).add(type_name)
    return found


def demangle_services(endpoints: list[EndpointInfo]) -> dict[str, set[str]]:
    """Map service names to their types."""
    found: dict[str, set[str]] = {}
    for endpoint in endpoints:
        name = names.ros_service_from_dds(endpoint.topic)
        type_name = names.ros_service_type_from_dds(endpoint.type_name)
        if name is not None and type_name is not None:
            found.setdefault(name, set()).add(type_name)
    return found
