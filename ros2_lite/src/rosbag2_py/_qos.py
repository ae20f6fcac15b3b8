"""QoS profiles as bags hold them: in YAML, with rclcpp's names."""

from __future__ import annotations

from typing import Any

import yaml
from rclpy.duration import Duration as RclpyDuration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy

_INFINITE = 2**63 - 1  # ns; how rmw says 'no limit'
_POLICIES: dict[str, Any] = {
    "history": HistoryPolicy,
    "reliability": ReliabilityPolicy,
    "durability": DurabilityPolicy,
    "liveliness": LivelinessPolicy,
}
_DURATIONS = ("deadline", "lifespan", "liveliness_lease_duration")


class Duration:
    """A time span for the setters of `QoS`."""

    def __init__(self, seconds: int, nanoseconds: int) -> None:
        self.total = seconds * 10**9 + nanoseconds


class QoS:
    """A profile built step by step, as in rclcpp; every setter returns the profile."""

    def __init__(self, history_depth: int) -> None:
        self.profile = QoSProfile(depth=history_depth)

    def _set(self, **values: Any) -> QoS:
        for name, value in values.items():
            setattr(self.profile, name, value)
        return self

    def keep_last(self, depth: int) -> QoS:
        """Keep the last `depth` messages."""
        return self._set(history=HistoryPolicy.KEEP_LAST, depth=depth)

    def keep_all(self) -> QoS:
        """Keep all messages."""
        return self._set(history=HistoryPolicy.KEEP_ALL, depth=0)

    def reliable(self) -> QoS:
        """Deliver every message."""
        return self._set(reliability=ReliabilityPolicy.RELIABLE)

    def best_effort(self) -> QoS:
        """Deliver what comes through."""
        return self._set(reliability=ReliabilityPolicy.BEST_EFFORT)

    def transient_local(self) -> QoS:
        """Keep messages for late joiners."""
        return self._set(durability=DurabilityPolicy.TRANSIENT_LOCAL)

    def durability_volatile(self) -> QoS:
        """Keep nothing for late joiners."""
        return self._set(durability=DurabilityPolicy.VOLATILE)

    def history(self, policy: Any) -> QoS:
        """Set the history policy."""
        return self._set(history=HistoryPolicy(int(policy)))

    def reliability(self, policy: Any) -> QoS:
        """Set the reliability policy."""
        return self._set(reliability=ReliabilityPolicy(int(policy)))

    def durability(self, policy: Any) -> QoS:
        """Set the durability policy."""
        return self._set(durability=DurabilityPolicy(int(policy)))

    def liveliness(self, policy: Any) -> QoS:
        """Set the liveliness policy."""
        return self._set(liveliness=LivelinessPolicy(int(policy)))

    def deadline(self, duration: Duration) -> QoS:
        """Set the longest time between messages."""
        return self._set(deadline=RclpyDuration(nanoseconds=duration.total))

    def lifespan(self, duration: Duration) -> QoS:
        """Set how long a message is worth having."""
        return self._set(lifespan=RclpyDuration(nanoseconds=duration.total))

    def liveliness_lease_duration(self, duration: Duration) -> QoS:
        """Set the time within which a publisher must show that it lives."""
        return self._set(liveliness_lease_duration=RclpyDuration(nanoseconds=duration.total))

    def avoid_ros_namespace_conventions(self, avoid: bool) -> QoS:
        """Set whether names go to DDS as they are."""
        return self._set(avoid_ros_namespace_conventions=avoid)

    @classmethod
    def of(cls, profile: QoSProfile) -> QoS:
        """Wrap an rclpy profile."""
        qos = cls(profile.depth or 1)
        qos.profile = profile
        return qos

    def to_dict(self) -> dict[str, Any]:
        """Return what metadata.yaml says of the profile (version 9)."""
        values: dict[str, Any] = {n: getattr(self.profile, n) for n in _POLICIES}
        words: dict[str, Any] = {n: v.name.lower() for n, v in values.items()}
        for name in _DURATIONS:
            span = getattr(self.profile, name).nanoseconds
            words[name] = {"sec": span // 10**9, "nsec": span % 10**9}
        order = (
            "history",
            "depth",
            "reliability",
            "durability",
            "deadline",
            "lifespan",
            "liveliness",
            "liveliness_lease_duration",
            "avoid_ros_namespace_conventions",
        )
        words |= {
            "depth": self.profile.depth,
            "avoid_ros_namespace_conventions": self.profile.avoid_ros_namespace_conventions,
        }
        return {n: words[n] for n in order}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> QoS:
        """Read a profile, policies as words (version 9) or as numbers (before)."""
        kwargs: dict[str, Any] = {"depth": int(values.get("depth", 10))}
        for name, policy in _POLICIES.items():
            value = values.get(name, "system_default")
            word = isinstance(value, str) and not value.isdigit()
            kwargs[name] = policy[value.upper()] if word else policy(int(value))
        for name in _DURATIONS:
            span = values.get(name) or {"sec": 0, "nsec": 0}
            total = int(span["sec"]) * 10**9 + int(span["nsec"])
            if span["sec"] == 0x7FFFFFFF and span["nsec"] in (0xFFFFFFFF, 0x7FFFFFFF):  # infinity in bags of Foxy
                total = _INFINITE
            kwargs[name] = RclpyDuration(nanoseconds=min(total, _INFINITE))
        kwargs["avoid_ros_namespace_conventions"] = bool(values.get("avoid_ros_namespace_conventions", False))
        return cls.of(QoSProfile(**kwargs))


def to_rclcpp_qos_vector(serialized: str, version: int) -> list[QoS]:
    """Read profiles from YAML."""
    return [QoS.from_dict(v) for v in yaml.safe_load(serialized) or []] if serialized else []


def from_qos_list(profiles: list[QoS]) -> str:
    """Write profiles as YAML."""
    return yaml.safe_dump([q.to_dict() for q in profiles], sort_keys=False).strip() if profiles else ""


def convert_rclcpp_qos_to_rclpy_qos(qos: QoS) -> QoSProfile:
    """Return the profile for rclpy."""
    return qos.profile
