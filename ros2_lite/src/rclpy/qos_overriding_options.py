"""Quality of service that parameters may override."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any

from rclpy.duration import Duration
from rclpy.exceptions import ParameterAlreadyDeclaredException
from rclpy.publisher import Publisher
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessPolicy,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
)

_ENUMS: dict[str, type[IntEnum]] = {
    "history": HistoryPolicy,
    "reliability": ReliabilityPolicy,
    "durability": DurabilityPolicy,
    "liveliness": LivelinessPolicy,
}


class InvalidQosOverridesError(Exception):
    """A callback refused what the parameters ask for."""


class QoSOverridingOptions:
    """Which policies parameters may override; `callback(profile)` may refuse, `entity_id` tells endpoints apart."""

    def __init__(
        self,
        policy_kinds: Iterable[QoSPolicyKind],
        *,
        callback: Callable[[QoSProfile], Any] | None = None,
        entity_id: str | None = None,
    ) -> None:
        self._policy_kinds = policy_kinds
        self._callback = callback
        self._entity_id = entity_id

    @property
    def policy_kinds(self) -> Iterable[QoSPolicyKind]:
        """The policies."""
        return self._policy_kinds

    @property
    def callback(self) -> Callable[[QoSProfile], Any] | None:
        """What checks the result."""
        return self._callback

    @property
    def entity_id(self) -> str | None:
        """What is added to the parameters' names."""
        return self._entity_id

    @classmethod
    def with_default_policies(
        cls, *, callback: Callable[[QoSProfile], Any] | None = None, entity_id: str | None = None
    ) -> QoSOverridingOptions:
        """Allow history, depth and reliability."""
        kinds = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY)
        return cls(policy_kinds=kinds, callback=callback, entity_id=entity_id)


def _declare_qos_parameters(
    entity_type: type, node: Any, topic_name: str, qos: QoSProfile, options: QoSOverridingOptions | None
) -> None:
    """Declare `qos_overrides.<topic>.<publisher|subscription>.<policy>` and put the values into `qos`."""
    if options is None:
        return
    from rcl_interfaces.msg import ParameterDescriptor

    entity = "publisher" if issubclass(entity_type, Publisher) else "subscription"
    suffix = "" if options.entity_id is None else f"_{options.entity_id}"
    for kind in options.policy_kinds:
        if entity == "subscription" and kind is QoSPolicyKind.LIFESPAN:
            continue
        policy = kind.name.lower()
        name = f"qos_overrides.{topic_name}.{entity}{suffix}.{policy}"
        descriptor = ParameterDescriptor(
            description=f"{policy} for {entity} `{topic_name}` with id `{options.entity_id}`", read_only=True
        )
        try:
            parameter = node.declare_parameter(name, _to_parameter(getattr(qos, policy)), descriptor)
        except ParameterAlreadyDeclaredException:
            parameter = node.get_parameter(name)
        setattr(qos, policy, _from_parameter(policy, parameter.value))
    if options.callback is not None:
        result = options.callback(qos)
        if not result.successful:
            raise InvalidQosOverridesError(
                f"Provided QoS overrides for {entity} `{topic_name}` with id `{options.entity_id}`, "
                f"are not valid: {result.reason}"
            )


def _to_parameter(value: Any) -> Any:
    if isinstance(value, Duration):
        return value.nanoseconds
    if isinstance(value, IntEnum):
        if value.name == "UNKNOWN":
            raise ValueError("User provided QoS profile is invalid")
        return value.name.lower()
    return value


def _from_parameter(policy: str, value: Any) -> Any:
    if policy in _ENUMS:
        try:
            return _ENUMS[policy][value.upper()]
        except KeyError:
            raise RuntimeError(f"Unexpected QoS override for policy `{policy}`: `{value}`") from None
    if policy in ("lifespan", "deadline", "liveliness_lease_duration"):
        return Duration(nanoseconds=value)
    return value
