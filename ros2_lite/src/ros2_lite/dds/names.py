"""ROS names to DDS names and back, as rmw does it."""

from __future__ import annotations

TOPIC_PREFIX = "rt"
REQUEST_PREFIX = "rq"
REPLY_PREFIX = "rr"


def topic_name(ros_name: str, avoid_ros_conventions: bool = False) -> str:
    """Return the DDS topic of a fully qualified ROS topic: '/chatter' is 'rt/chatter'."""
    return ros_name if avoid_ros_conventions else TOPIC_PREFIX + ros_name


def request_name(ros_name: str) -> str:
    """Return the DDS topic of a service's requests."""
    return f"{REQUEST_PREFIX}{ros_name}Request"


def reply_name(ros_name: str) -> str:
    """Return the DDS topic of a service's replies."""
    return f"{REPLY_PREFIX}{ros_name}Reply"


def ros_topic_from_dds(name: str) -> str | None:
    """Return the ROS topic that the DDS topic `name` carries, or None where it carries none."""
    return name[2:] if name.startswith(TOPIC_PREFIX + "/") else None


def ros_service_from_dds(name: str) -> str | None:
    """Return the service that the DDS topic `name` belongs to, or None where it belongs to none."""
    if name.startswith(REQUEST_PREFIX + "/") and name.endswith("Request"):
        return name[2 : -len("Request")]
    if name.startswith(REPLY_PREFIX + "/") and name.endswith("Reply"):
        return name[2 : -len("Reply")]
    return None


def ros_type_from_dds(name: str) -> str:
    """Turn 'std_msgs::msg::dds_::String_' into 'std_msgs/msg/String'; leave other names alone."""
    head, middle, tail = name.rpartition("dds_::")
    if not middle or not tail.endswith("_"):
        return name
    return head.replace("::", "/") + tail[:-1]


def ros_service_type_from_dds(name: str) -> str | None:
    """Turn '...::dds_::Trigger_Request_' or '..._Response_' into 'std_srvs/srv/Trigger'; None for other names."""
    ros = ros_type_from_dds(name)
    for suffix in ("_Request", "_Response"):
        if ros != name and ros.endswith(suffix):
            return ros[: -len(suffix)]
    return None
