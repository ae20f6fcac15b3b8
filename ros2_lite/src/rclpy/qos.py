"""Quality of service."""

from __future__ import annotations

import warnings
from enum import Enum, IntEnum
from typing import Any

from rclpy.duration import Duration, Infinite
from ros2_lite.dds.qos import Profile


class QoSPolicyKind(IntEnum):
    """The policies (rmw/incompatible_qos_events_statuses.h)."""

    INVALID = 1 << 0
    DURABILITY = 1 << 1
    DEADLINE = 1 << 2
    LIVELINESS = 1 << 3
    RELIABILITY = 1 << 4
    HISTORY = 1 << 5
    LIFESPAN = 1 << 6
    DEPTH = 1 << 7
    LIVELINESS_LEASE_DURATION = 1 << 8
    AVOID_ROS_NAMESPACE_CONVENTIONS = 1 << 9


def qos_policy_name_from_kind(policy_kind: QoSPolicyKind | int) -> str:
    """Return a policy's name."""
    return QoSPolicyKind(policy_kind).name


class InvalidQoSProfileException(Exception):
    """A profile was made from impossible arguments."""

    def __init__(self, *args: Any) -> None:
        super().__init__("Invalid QoSProfile", *args)


class QoSPolicyEnum(IntEnum):
    """Base of the policies' values."""

    @classmethod
    def short_keys(cls) -> list[str]:
        """Return the values' names in small letters."""
        return [name.lower() for name in cls.__members__ if not name.startswith("RMW")]

    @classmethod
    def get_from_short_key(cls, name: str) -> int:
        """Return the value with this name, whatever its case."""
        return cls[name.upper()].value

    @property
    def short_key(self) -> str:
        """The name in small letters."""
        return self.name.lower()


class HistoryPolicy(QoSPolicyEnum):
    """How many messages are kept."""

    SYSTEM_DEFAULT = 0
    KEEP_LAST = 1
    KEEP_ALL = 2
    UNKNOWN = 3


class ReliabilityPolicy(QoSPolicyEnum):
    """Whether lost messages are sent again."""

    SYSTEM_DEFAULT = 0
    RELIABLE = 1
    BEST_EFFORT = 2
    UNKNOWN = 3
    BEST_AVAILABLE = 4


class DurabilityPolicy(QoSPolicyEnum):
    """Whether late joiners get earlier messages."""

    SYSTEM_DEFAULT = 0
    TRANSIENT_LOCAL = 1
    VOLATILE = 2
    UNKNOWN = 3
    BEST_AVAILABLE = 4


class LivelinessPolicy(QoSPolicyEnum):
    """Who says that a publisher is alive."""

    SYSTEM_DEFAULT = 0
    AUTOMATIC = 1
    MANUAL_BY_TOPIC = 3
    UNKNOWN = 4
    BEST_AVAILABLE = 5


QoSHistoryPolicy = HistoryPolicy
QoSReliabilityPolicy = ReliabilityPolicy
QoSDurabilityPolicy = DurabilityPolicy
QoSLivelinessPolicy = LivelinessPolicy

# rmw/qos_profiles.h: RMW_QOS_DEADLINE_BEST_AVAILABLE is one nanosecond below infinite.
DeadlineBestAvailable = Duration(nanoseconds=Infinite.nanoseconds - 1)
LivelinessLeaseDurationeBestAvailable = Duration(nanoseconds=Infinite.nanoseconds - 1)


def _policy(name: str, kind: Any) -> Any:
    """Make a property of QoSProfile that takes a policy's value or its number."""
    slot = "_" + name

    def setter(self: QoSProfile, value: Any) -> None:
        assert isinstance(value, (kind, int))
        setattr(self, slot, kind(value))

    return property(lambda self: getattr(self, slot), setter, doc=f"The policy '{name}'.")


def _checked(name: str, kind: type) -> Any:
    """Make a property of QoSProfile that takes values of one type."""
    slot = "_" + name

    def setter(self: QoSProfile, value: Any) -> None:
        assert isinstance(value, kind)
        setattr(self, slot, value)

    return property(lambda self: getattr(self, slot), setter, doc=f"The policy '{name}'.")


class QoSProfile:
    """A set of policies; `depth` or `history` must be given, the rest has rmw's defaults."""

    _ORDER = (
        "history",
        "depth",
        "reliability",
        "durability",
        "lifespan",
        "deadline",
        "liveliness",
        "liveliness_lease_duration",
        "avoid_ros_namespace_conventions",
    )
    __slots__ = tuple("_" + name for name in _ORDER)

    history = _policy("history", HistoryPolicy)
    reliability = _policy("reliability", ReliabilityPolicy)
    durability = _policy("durability", DurabilityPolicy)
    liveliness = _policy("liveliness", LivelinessPolicy)
    lifespan = _checked("lifespan", Duration)
    deadline = _checked("deadline", Duration)
    liveliness_lease_duration = _checked("liveliness_lease_duration", Duration)
    avoid_ros_namespace_conventions = _checked("avoid_ros_namespace_conventions", bool)

    def __init__(self, **kwargs: Any) -> None:
        """Take any of history, depth, reliability, durability, lifespan, deadline, liveliness,
        liveliness_lease_duration and avoid_ros_namespace_conventions."""
        assert all(key in self._ORDER for key in kwargs), f"Invalid arguments passed to constructor: {kwargs.keys()!r}"
        if "history" not in kwargs:
            if "depth" not in kwargs:
                raise InvalidQoSProfileException("History and/or depth settings are required.")
            kwargs["history"] = HistoryPolicy.KEEP_LAST
        self.history = kwargs["history"]
        if self.history == HistoryPolicy.KEEP_LAST and "depth" not in kwargs:
            raise InvalidQoSProfileException("History set to KEEP_LAST without a depth setting.")
        self.depth = kwargs.get("depth", 10)
        self.reliability = kwargs.get("reliability", ReliabilityPolicy.RELIABLE)
        self.durability = kwargs.get("durability", DurabilityPolicy.VOLATILE)
        self.lifespan = kwargs.get("lifespan", Duration())
        self.deadline = kwargs.get("deadline", Duration())
        self.liveliness = kwargs.get("liveliness", LivelinessPolicy.SYSTEM_DEFAULT)
        self.liveliness_lease_duration = kwargs.get("liveliness_lease_duration", Duration())
        self.avoid_ros_namespace_conventions = kwargs.get("avoid_ros_namespace_conventions", False)

    @property
    def depth(self) -> int:
        """The number of messages kept."""
        return int(getattr(self, "_depth"))  # noqa: B009  a slot that is made from a list

    @depth.setter
    def depth(self, value: int) -> None:
        assert isinstance(value, int)
        if self.history == HistoryPolicy.KEEP_LAST and value == 0:
            warnings.warn(
                "A zero depth with KEEP_LAST doesn't make sense; no data could be stored. "
                "This will be interpreted as SYSTEM_DEFAULT",
                stacklevel=2,
            )
        setattr(self, "_depth", value)  # noqa: B010

    def _native(self) -> Profile:
        """Return it as the DDS layer wants it."""
        return Profile(
            int(self.history),
            self.depth,
            int(self.reliability),
            int(self.durability),
            self.lifespan.nanoseconds,
            self.deadline.nanoseconds,
            int(self.liveliness),
            self.liveliness_lease_duration.nanoseconds,
            self.avoid_ros_namespace_conventions,
        )

    @classmethod
    def _from_native(cls, profile: Profile) -> QoSProfile:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return cls(
                history=profile.history,
                depth=profile.depth,
                reliability=profile.reliability,
                durability=profile.durability,
                lifespan=Duration(nanoseconds=profile.lifespan),
                deadline=Duration(nanoseconds=profile.deadline),
                liveliness=profile.liveliness,
                liveliness_lease_duration=Duration(nanoseconds=profile.liveliness_lease_duration),
                avoid_ros_namespace_conventions=profile.avoid_ros_namespace_conventions,
            )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QoSProfile):
            return False
        return all(getattr(self, name) == getattr(other, name) for name in self._ORDER)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)}" for name in self._ORDER)
        return f"{type(self).__name__}({values})"


# rmw/qos_profiles.h
qos_profile_default = QoSProfile(depth=10)
qos_profile_system_default = QoSProfile(
    history=HistoryPolicy.SYSTEM_DEFAULT,
    depth=0,
    reliability=ReliabilityPolicy.SYSTEM_DEFAULT,
    durability=DurabilityPolicy.SYSTEM_DEFAULT,
)
qos_profile_sensor_data = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
qos_profile_services_default = QoSProfile(depth=10)
qos_profile_parameters = QoSProfile(depth=1000)
qos_profile_parameter_events = QoSProfile(depth=1000)
qos_profile_unknown = QoSProfile(
    history=HistoryPolicy.UNKNOWN,
    depth=0,
    reliability=ReliabilityPolicy.UNKNOWN,
    durability=DurabilityPolicy.UNKNOWN,
    liveliness=LivelinessPolicy.UNKNOWN,
)
qos_profile_best_available = QoSProfile(
    depth=10,
    reliability=ReliabilityPolicy.BEST_AVAILABLE,
    durability=DurabilityPolicy.BEST_AVAILABLE,
    deadline=DeadlineBestAvailable,
    liveliness=LivelinessPolicy.BEST_AVAILABLE,
    liveliness_lease_duration=LivelinessLeaseDurationeBestAvailable,
)
# rcl_action/default_qos.h
qos_profile_action_status_default = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
# rcl/logging_rosout.h
qos_profile_rosout_default = QoSProfile(
    depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL, lifespan=Duration(seconds=10)
)


class QoSPresetProfiles(Enum):
    """The predefined profiles by name."""

    UNKNOWN = qos_profile_unknown
    DEFAULT = qos_profile_default
    SYSTEM_DEFAULT = qos_profile_system_default
    SENSOR_DATA = qos_profile_sensor_data
    SERVICES_DEFAULT = qos_profile_services_default
    PARAMETERS = qos_profile_parameters
    PARAMETER_EVENTS = qos_profile_parameter_events
    ACTION_STATUS_DEFAULT = qos_profile_action_status_default
    BEST_AVAILABLE = qos_profile_best_available

    @classmethod
    def short_keys(cls) -> list[str]:
        """Return the profiles' names in small letters."""
        return [name.lower() for name in cls.__members__ if not name.startswith("RMW")]

    @classmethod
    def get_from_short_key(cls, name: str) -> QoSProfile:
        """Return the profile with this name, whatever its case."""
        return cls[name.upper()].value


class QoSCompatibility(IntEnum):
    """Whether a publisher and a subscription match."""

    OK = 0
    WARNING = 1
    ERROR = 2


def qos_check_compatible(publisher_qos: QoSProfile, subscription_qos: QoSProfile) -> tuple[QoSCompatibility, str]:
    """Say whether the two can talk, and why not. Unknown and system-default policies give WARNING."""
    from ros2_lite.compatibility import check_compatible

    level, reason = check_compatible(publisher_qos, subscription_qos)
    return QoSCompatibility(level), reason
