"""Names and values of qualities of service."""

import pytest
from rclpy.duration import Duration
from rclpy.event_handler import QoSPublisherEventType, QoSSubscriptionEventType
from rclpy.qos import (
    DeadlineBestAvailable,
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessLeaseDurationeBestAvailable,
    LivelinessPolicy,
    QoSDurabilityPolicy,
    QoSHistoryPolicy,
    QoSLivelinessPolicy,
    QoSPolicyKind,
    QoSPresetProfiles,
    QoSProfile,
    QoSReliabilityPolicy,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
    qos_profile_action_status_default,
    qos_profile_parameter_events,
    qos_profile_parameters,
    qos_profile_sensor_data,
    qos_profile_services_default,
    qos_profile_system_default,
    qos_profile_unknown,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

KEEP_LAST, RELIABLE = HistoryPolicy.KEEP_LAST, ReliabilityPolicy.RELIABLE


@pytest.mark.parametrize(
    ("profile", "history", "depth", "reliability", "durability"),
    [
        (qos_profile_services_default, KEEP_LAST, 10, RELIABLE, DurabilityPolicy.VOLATILE),
        (qos_profile_parameters, KEEP_LAST, 1000, RELIABLE, DurabilityPolicy.VOLATILE),
        (qos_profile_parameter_events, KEEP_LAST, 1000, RELIABLE, DurabilityPolicy.VOLATILE),
        (qos_profile_sensor_data, KEEP_LAST, 5, ReliabilityPolicy.BEST_EFFORT, DurabilityPolicy.VOLATILE),
        (qos_profile_action_status_default, KEEP_LAST, 1, RELIABLE, DurabilityPolicy.TRANSIENT_LOCAL),
        (
            qos_profile_system_default,
            HistoryPolicy.SYSTEM_DEFAULT,
            0,
            ReliabilityPolicy.SYSTEM_DEFAULT,
            DurabilityPolicy.SYSTEM_DEFAULT,
        ),
        (qos_profile_unknown, HistoryPolicy.UNKNOWN, 0, ReliabilityPolicy.UNKNOWN, DurabilityPolicy.UNKNOWN),
    ],
)
def test_ready_profiles(profile, history, depth, reliability, durability):
    assert (profile.history, profile.depth) == (history, depth)
    assert (profile.reliability, profile.durability) == (reliability, durability)


def test_presets_are_the_ready_profiles():
    for preset, profile in (
        (QoSPresetProfiles.UNKNOWN, qos_profile_unknown),
        (QoSPresetProfiles.SYSTEM_DEFAULT, qos_profile_system_default),
        (QoSPresetProfiles.SENSOR_DATA, qos_profile_sensor_data),
        (QoSPresetProfiles.SERVICES_DEFAULT, qos_profile_services_default),
        (QoSPresetProfiles.PARAMETERS, qos_profile_parameters),
        (QoSPresetProfiles.PARAMETER_EVENTS, qos_profile_parameter_events),
        (QoSPresetProfiles.ACTION_STATUS_DEFAULT, qos_profile_action_status_default),
    ):
        assert preset.value == profile
    assert QoSPresetProfiles.BEST_AVAILABLE.value.reliability == ReliabilityPolicy.BEST_AVAILABLE
    assert QoSPresetProfiles.DEFAULT.value.depth == 10
    assert QoSPresetProfiles.get_from_short_key("sensor_data") == qos_profile_sensor_data


def test_policies_have_short_keys_and_older_names():
    assert LivelinessPolicy.short_keys() == [
        "system_default",
        "automatic",
        "manual_by_topic",
        "unknown",
        "best_available",
    ]
    assert ReliabilityPolicy.get_from_short_key("best_effort") == ReliabilityPolicy.BEST_EFFORT
    assert (QoSHistoryPolicy, QoSReliabilityPolicy) == (HistoryPolicy, ReliabilityPolicy)
    assert (QoSDurabilityPolicy, QoSLivelinessPolicy) == (DurabilityPolicy, LivelinessPolicy)


def test_kinds_have_names():
    for kind in ("DURABILITY", "DEADLINE", "LIVELINESS", "RELIABILITY", "HISTORY", "LIFESPAN", "DEPTH"):
        assert qos_policy_name_from_kind(getattr(QoSPolicyKind, kind)) == kind
    assert QoSPolicyKind.INVALID != QoSPolicyKind.AVOID_ROS_NAMESPACE_CONVENTIONS
    assert qos_policy_name_from_kind(QoSPolicyKind.LIVELINESS_LEASE_DURATION) == "LIVELINESS_LEASE_DURATION"


def test_further_members_of_a_profile():
    profile = QoSProfile(depth=1, lifespan=Duration(seconds=2), avoid_ros_namespace_conventions=True)
    assert profile.lifespan == Duration(seconds=2)
    assert profile.avoid_ros_namespace_conventions
    assert not QoSProfile(depth=1).avoid_ros_namespace_conventions
    assert DeadlineBestAvailable != Duration(seconds=0)
    assert LivelinessLeaseDurationeBestAvailable == DeadlineBestAvailable


def test_options_for_overriding():
    options = QoSOverridingOptions.with_default_policies(entity_id="front")
    assert options.entity_id == "front"
    assert set(options.policy_kinds) == {QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY}


def test_events_have_numbers():
    assert int(QoSPublisherEventType.RCL_PUBLISHER_MATCHED) == 4
    assert int(QoSSubscriptionEventType.RCL_SUBSCRIPTION_MESSAGE_LOST) == 3
