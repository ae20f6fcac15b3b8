"""Quality of service: profiles, compatibility, overrides, events."""

import warnings

import pytest
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.parameter import Parameter
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    InvalidQoSProfileException,
    LivelinessPolicy,
    QoSCompatibility,
    QoSPolicyKind,
    QoSPresetProfiles,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
    qos_profile_best_available,
    qos_profile_sensor_data,
    qos_profile_system_default,
)
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from std_msgs.msg import String

BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
AUTOMATIC = QoSProfile(depth=1, liveliness=LivelinessPolicy.AUTOMATIC)


def test_profiles():
    profile = QoSProfile(depth=3)
    assert (profile.history, profile.depth) == (HistoryPolicy.KEEP_LAST, 3)
    assert profile.reliability == ReliabilityPolicy.RELIABLE
    assert profile.durability == DurabilityPolicy.VOLATILE
    assert profile == QoSProfile(depth=3)
    assert profile != QoSProfile(depth=4)
    assert str(profile).startswith("QoSProfile(history=")
    assert (qos_profile_sensor_data.depth, qos_profile_sensor_data.reliability) == (5, ReliabilityPolicy.BEST_EFFORT)
    assert QoSPresetProfiles.get_from_short_key("sensor_data") == qos_profile_sensor_data
    assert "sensor_data" in QoSPresetProfiles.short_keys()
    assert ReliabilityPolicy.get_from_short_key("best_effort") == ReliabilityPolicy.BEST_EFFORT
    assert ReliabilityPolicy.BEST_EFFORT.short_key == "best_effort"


def test_wrong_profiles_are_refused():
    with pytest.raises(InvalidQoSProfileException):
        QoSProfile()
    with pytest.raises(InvalidQoSProfileException):
        QoSProfile(history=HistoryPolicy.KEEP_LAST)
    with pytest.raises(AssertionError):
        QoSProfile(deep=1)
    with pytest.raises(AssertionError):
        QoSProfile(depth=1, deadline=5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        QoSProfile(depth=0)
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("publisher", "subscription", "level"),
    [
        (AUTOMATIC, AUTOMATIC, QoSCompatibility.OK),
        (BEST_EFFORT, QoSProfile(depth=1), QoSCompatibility.ERROR),
        (QoSProfile(depth=1), QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL), QoSCompatibility.ERROR),
        (QoSProfile(depth=1), QoSProfile(depth=1, deadline=Duration(seconds=1)), QoSCompatibility.ERROR),
        (QoSProfile(depth=1), BEST_EFFORT, QoSCompatibility.WARNING),
        (AUTOMATIC, QoSProfile(depth=1, liveliness=LivelinessPolicy.MANUAL_BY_TOPIC), QoSCompatibility.ERROR),
        (qos_profile_system_default, qos_profile_system_default, QoSCompatibility.WARNING),
    ],
)
def test_compatibility(publisher, subscription, level):
    found, reason = qos_check_compatible(publisher, subscription)
    assert found == level
    assert bool(reason) is (level != QoSCompatibility.OK)


def test_best_available_takes_what_the_others_offer(ros):
    node = ros.node()
    node.create_publisher(String, "weak", BEST_EFFORT)
    ros.until(lambda: node.count_publishers("weak"))
    node.create_subscription(String, "weak", lambda m: None, qos_profile_best_available)
    ros.until(lambda: node.count_subscribers("weak"))
    (info,) = node.get_subscriptions_info_by_topic("weak")
    assert info.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert info.qos_profile.durability == DurabilityPolicy.VOLATILE


def test_parameters_may_override(ros):
    node = ros.node(
        parameter_overrides=[
            Parameter("qos_overrides./chatter.publisher.depth", value=77),
            Parameter("qos_overrides./chatter.publisher.reliability", value="best_effort"),
        ]
    )
    options = QoSOverridingOptions.with_default_policies()
    publisher = node.create_publisher(String, "chatter", QoSProfile(depth=1), qos_overriding_options=options)
    assert publisher.qos_profile.depth == 77
    assert publisher.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert node.get_parameter("qos_overrides./chatter.publisher.history").value == "keep_last"


def test_an_override_may_be_refused(ros):
    from rcl_interfaces.msg import SetParametersResult

    options = QoSOverridingOptions(
        [QoSPolicyKind.DEPTH], callback=lambda profile: SetParametersResult(successful=False, reason="no")
    )
    with pytest.raises(InvalidQosOverridesError):
        ros.node().create_subscription(
            String, "chatter", lambda m: None, QoSProfile(depth=1), qos_overriding_options=options
        )


def test_incompatible_endpoints_are_told_of(ros):
    events = []
    ros.node("a").create_publisher(
        String,
        "chatter",
        BEST_EFFORT,
        event_callbacks=PublisherEventCallbacks(
            incompatible_qos=lambda e: events.append(("publisher", e.total_count, e.last_policy_kind))
        ),
    )
    ros.node("b").create_subscription(
        String,
        "chatter",
        lambda m: None,
        10,
        event_callbacks=SubscriptionEventCallbacks(
            incompatible_qos=lambda e: events.append(("subscription", e.total_count, e.last_policy_kind))
        ),
    )
    ros.until(lambda: len(events) == 2)
    assert sorted(events) == [
        ("publisher", 1, QoSPolicyKind.RELIABILITY),
        ("subscription", 1, QoSPolicyKind.RELIABILITY),
    ]


def test_incompatible_endpoints_are_warned_of_by_default(ros, capfd):
    ros.node("a").create_publisher(String, "chatter", BEST_EFFORT)
    ros.node("b").create_subscription(String, "chatter", lambda m: None, 10)
    ros.spin_for(0.3)
    errors = capfd.readouterr().err
    assert (
        "[a]: New subscription discovered on topic 'chatter', requesting incompatible QoS. "
        "No messages will be sent to it. Last incompatible policy: RELIABILITY"
    ) in errors
    assert (
        "[b]: New publisher discovered on topic 'chatter', offering incompatible QoS. "
        "No messages will be received from it. Last incompatible policy: RELIABILITY"
    ) in errors


def test_matches_are_told_of(ros):
    counts = []
    publisher_node, subscription_node = ros.node("a"), ros.node("b")
    publisher_node.create_publisher(
        String,
        "chatter",
        10,
        event_callbacks=PublisherEventCallbacks(
            matched=lambda e: counts.append((e.current_count, e.current_count_change))
        ),
    )
    subscription = subscription_node.create_subscription(String, "chatter", lambda m: None, 10)
    ros.until(lambda: counts == [(1, 1)])
    subscription_node.destroy_subscription(subscription)
    ros.until(lambda: counts == [(1, 1), (0, -1)])


def test_missed_deadlines_are_told_of(ros):
    profile = QoSProfile(depth=1, deadline=Duration(seconds=0.05))
    missed = {"publisher": [], "subscription": []}
    publisher = ros.node("a").create_publisher(
        String,
        "chatter",
        profile,
        event_callbacks=PublisherEventCallbacks(deadline=lambda e: missed["publisher"].append(e.total_count)),
    )
    ros.node("b").create_subscription(
        String,
        "chatter",
        lambda m: None,
        profile,
        event_callbacks=SubscriptionEventCallbacks(deadline=lambda e: missed["subscription"].append(e.total_count)),
    )
    ros.until(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(String())
    ros.until(lambda: missed["publisher"] and missed["subscription"])
    assert missed["publisher"][0] >= 1


def test_liveliness_is_told_of(ros):
    profile = QoSProfile(
        depth=1, liveliness=LivelinessPolicy.MANUAL_BY_TOPIC, liveliness_lease_duration=Duration(seconds=0.1)
    )
    alive = []
    lost = []
    publisher = ros.node("a").create_publisher(
        String,
        "chatter",
        profile,
        event_callbacks=PublisherEventCallbacks(liveliness=lambda e: lost.append(e.total_count)),
    )
    ros.node("b").create_subscription(
        String,
        "chatter",
        lambda m: None,
        profile,
        event_callbacks=SubscriptionEventCallbacks(
            liveliness=lambda e: alive.append((e.alive_count, e.not_alive_count))
        ),
    )
    ros.until(lambda: publisher.get_subscription_count() == 1)
    publisher.assert_liveliness()
    ros.until(lambda: (1, 0) in alive and (0, 1) in alive and lost)
