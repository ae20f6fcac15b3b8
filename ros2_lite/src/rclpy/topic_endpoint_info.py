"""What the graph knows of a publisher or subscription."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from rclpy.qos import QoSProfile
from rclpy.type_hash import TypeHash
from ros2_lite.dds import names
from ros2_lite.dds.graph import EndpointInfo, NodeEntities


class TopicEndpointTypeEnum(IntEnum):
    """Publisher or subscription."""

    INVALID = 0
    PUBLISHER = 1
    SUBSCRIPTION = 2


def _field(name: str, convert: Any) -> Any:
    slot = "_" + name

    def setter(self: TopicEndpointInfo, value: Any) -> None:
        setattr(self, slot, convert(value))

    return property(lambda self: getattr(self, slot), setter, doc=f"The endpoint's {name.replace('_', ' ')}.")


def _instance(kind: type) -> Any:
    def convert(value: Any) -> Any:
        assert isinstance(value, kind)
        return value

    return convert


def _hash(value: Any) -> TypeHash:
    return value if isinstance(value, TypeHash) else TypeHash(**value)


def _qos(value: Any) -> QoSProfile:
    return value if isinstance(value, QoSProfile) else QoSProfile(**value)


class TopicEndpointInfo:
    """Node, type, gid and quality of service of an endpoint."""

    __slots__ = [
        "_endpoint_gid",
        "_endpoint_type",
        "_node_name",
        "_node_namespace",
        "_qos_profile",
        "_topic_type",
        "_topic_type_hash",
    ]

    node_name = _field("node_name", _instance(str))
    node_namespace = _field("node_namespace", _instance(str))
    topic_type = _field("topic_type", _instance(str))
    topic_type_hash = _field("topic_type_hash", _hash)
    endpoint_type = _field("endpoint_type", TopicEndpointTypeEnum)
    endpoint_gid = _field("endpoint_gid", list)
    qos_profile = _field("qos_profile", _qos)

    def __init__(self, **kwargs: Any) -> None:
        known = all("_" + key in self.__slots__ for key in kwargs)
        assert known, f"Invalid arguments passed to constructor: {kwargs.keys()!r}"
        self.node_name = kwargs.get("node_name", "")
        self.node_namespace = kwargs.get("node_namespace", "")
        self.topic_type = kwargs.get("topic_type", "")
        self.topic_type_hash = kwargs.get("topic_type_hash", TypeHash())
        self.endpoint_type = kwargs.get("endpoint_type", TopicEndpointTypeEnum.INVALID)
        self.endpoint_gid = kwargs.get("endpoint_gid", [])
        self.qos_profile = kwargs.get("qos_profile", QoSProfile(history=0, depth=0))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TopicEndpointInfo):
            return False
        return all(getattr(self, slot) == getattr(other, slot) for slot in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        gid = ".".join(format(byte, "02x") for byte in self.endpoint_gid)
        history_depth = self.qos_profile.history.name
        if self.qos_profile.history == 1:
            history_depth += f" ({self.qos_profile.depth})"
        return "\n".join(
            [
                f"Node name: {self.node_name}",
                f"Node namespace: {self.node_namespace}",
                f"Topic type: {self.topic_type}",
                f"Topic type hash: {self.topic_type_hash}",
                f"Endpoint type: {self.endpoint_type.name}",
                f"GID: {gid}",
                "QoS profile:",
                f"  Reliability: {self.qos_profile.reliability.name}",
                f"  History (Depth): {history_depth}",
                f"  Durability: {self.qos_profile.durability.name}",
                f"  Lifespan: {self.qos_profile.lifespan}",
                f"  Deadline: {self.qos_profile.deadline}",
                f"  Liveliness: {self.qos_profile.liveliness.name}",
                f"  Liveliness lease duration: {self.qos_profile.liveliness_lease_duration}",
            ]
        )


def _from_endpoint(endpoint: EndpointInfo, node: NodeEntities | None, no_mangle: bool) -> TopicEndpointInfo:
    return TopicEndpointInfo(
        # rmw's words for an endpoint whose node has not announced itself, such as one that is not ROS's
        node_name="_NODE_NAME_UNKNOWN_" if node is None else node.name,
        node_namespace="_NODE_NAMESPACE_UNKNOWN_" if node is None else node.namespace,
        topic_type=endpoint.type_name if no_mangle else names.ros_type_from_dds(endpoint.type_name),
        topic_type_hash=TypeHash._from_text(endpoint.user_data.get("typehash", "")),
        endpoint_type=TopicEndpointTypeEnum.PUBLISHER if endpoint.is_writer else TopicEndpointTypeEnum.SUBSCRIPTION,
        endpoint_gid=list(endpoint.gid),
        qos_profile=QoSProfile._from_native(endpoint.profile),
    )
