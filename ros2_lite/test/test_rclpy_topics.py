"""Publishers and subscriptions."""

import array

import pytest
from rclpy.exceptions import InvalidHandle, InvalidTopicNameException
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Int32, String

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def connect(ros, kind, topic, callback, qos=10, **options):
    """Make a matched publisher and subscription on two nodes."""
    publisher = ros.node("talker").create_publisher(kind, topic, qos)
    subscription = ros.node("listener").create_subscription(kind, topic, callback, qos, **options)
    ros.until(lambda: publisher.get_subscription_count() == 1 and subscription.get_publisher_count() == 1)
    return publisher, subscription


def test_messages_arrive_in_order(ros):
    got = []
    publisher, _ = connect(ros, Int32, "numbers", lambda m: got.append(m.data), 50)
    for i in range(50):
        publisher.publish(Int32(data=i))
    ros.until(lambda: len(got) == 50)
    assert got == list(range(50))


def test_keep_last_keeps_the_last(ros):
    got = []
    publisher, _ = connect(ros, Int32, "numbers", lambda m: got.append(m.data), 3)
    for i in range(10):
        publisher.publish(Int32(data=i))
    ros.spin_for(0.3)
    assert got == [7, 8, 9]


def test_an_image_arrives_whole(ros):
    got = []
    publisher, _ = connect(ros, Image, "image", got.append, qos_profile_sensor_data)
    image = Image(height=480, width=640, encoding="rgb8", step=1920)
    image.header.frame_id = "camera"
    image.data = bytes(range(256)) * 3600
    publisher.publish(image)
    ros.until(lambda: got)
    assert got[0] == image
    assert isinstance(got[0].data, array.array)


def test_a_latched_message_reaches_a_late_joiner(ros):
    publisher = ros.node("talker").create_publisher(String, "state", LATCHED)
    publisher.publish(String(data="old"))
    publisher.publish(String(data="kept"))
    got = []
    ros.node("late").create_subscription(String, "state", lambda m: got.append(m.data), LATCHED)
    ros.until(lambda: got)
    ros.spin_for(0.1)
    assert got == ["kept"]


def test_a_volatile_message_does_not_reach_a_late_joiner(ros):
    ros.node("talker").create_publisher(String, "state", 10).publish(String(data="gone"))
    got = []
    ros.node("late").create_subscription(String, "state", got.append, 10)
    ros.spin_for(0.3)
    assert got == []


def test_a_callback_with_two_arguments_gets_the_message_info(ros):
    got = []
    publisher, _ = connect(ros, String, "chatter", lambda message, info: got.append((message, info)))
    before = ros.nodes[0].get_clock().now().nanoseconds
    publisher.publish(String(data="x"))
    ros.until(lambda: got)
    message, info = got[0]
    assert message.data == "x"
    assert before <= info["source_timestamp"] <= info["received_timestamp"]


def test_a_raw_subscription_gets_cdr_bytes_and_bytes_can_be_published(ros):
    got = []
    publisher, _ = connect(ros, String, "chatter", got.append, raw=True)
    publisher.publish(serialize_message(String(data="bytes")))
    ros.until(lambda: got)
    assert isinstance(got[0], bytes)
    assert deserialize_message(got[0], String).data == "bytes"


def test_publishing_something_else_is_a_type_error(ros):
    publisher = ros.node().create_publisher(String, "chatter", 10)
    for wrong in (Int32(), "text", None):
        with pytest.raises(TypeError):
            publisher.publish(wrong)


def test_a_destroyed_publisher_cannot_be_used(ros):
    node = ros.node()
    publisher = node.create_publisher(String, "chatter", 10)
    assert node.destroy_publisher(publisher)
    assert not node.destroy_publisher(publisher)
    with pytest.raises(InvalidHandle):
        publisher.publish(String())


def test_a_destroyed_subscription_is_called_no_more(ros):
    got = []
    publisher, subscription = connect(ros, String, "chatter", got.append)
    assert ros.nodes[1].destroy_subscription(subscription)
    ros.until(lambda: publisher.get_subscription_count() == 0)
    publisher.publish(String())
    ros.spin_for(0.1)
    assert got == []


def test_a_callback_that_fits_neither_form_is_refused(ros):
    with pytest.raises(RuntimeError):
        ros.node().create_subscription(String, "chatter", lambda a, b, c: None, 10)


@pytest.mark.parametrize(
    ("name", "full_name"),
    [
        ("chatter", "/ns/chatter"),
        ("/chatter", "/chatter"),
        ("~/chatter", "/ns/node/chatter"),
        ("{node}/chatter", "/ns/node/chatter"),
        ("sub/chatter", "/ns/sub/chatter"),
    ],
)
def test_topic_names_are_expanded(ros, name, full_name):
    node = ros.node("node", namespace="/ns")
    assert node.create_publisher(String, name, 10).topic_name == full_name
    assert node.create_subscription(String, name, lambda m: None, 10).topic_name == full_name
    assert node.resolve_topic_name(name) == full_name


@pytest.mark.parametrize("name", ["", "chat ter", "1chatter", "chatter/", "a//b/", "~chatter", "a{b", "ch?"])
def test_bad_topic_names_are_refused(ros, name):
    with pytest.raises(InvalidTopicNameException):
        ros.node().create_publisher(String, name, 10)


def test_remapping_by_arguments(ros):
    node = ros.node(
        "node",
        cli_args=[
            "--ros-args",
            "-r",
            "chatter:=/there/talk",
            "-r",
            "__node:=renamed",
            "-r",
            "__ns:=/moved",
            "-r",
            "elsewhere:other:=/never",
            "--remap",
            "~/own:=mine",
        ],
    )
    assert (node.get_name(), node.get_namespace()) == ("renamed", "/moved")
    assert node.get_fully_qualified_name() == "/moved/renamed"
    assert node.create_publisher(String, "chatter", 10).topic_name == "/there/talk"
    assert node.resolve_topic_name("chatter", only_expand=True) == "/moved/chatter"
    assert node.resolve_topic_name("other") == "/moved/other"
    assert node.resolve_topic_name("~/own") == "/moved/mine"


def test_incompatible_qualities_do_not_match(ros):
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = ros.node("talker").create_publisher(String, "chatter", best_effort)
    got = []
    ros.node("listener").create_subscription(String, "chatter", got.append, 10)
    ros.spin_for(0.3)
    assert publisher.get_subscription_count() == 0


def test_history_keep_all_keeps_everything(ros):
    keep_all = QoSProfile(history=HistoryPolicy.KEEP_ALL)
    got = []
    publisher, _ = connect(ros, Int32, "numbers", lambda m: got.append(m.data), keep_all)
    for i in range(200):
        publisher.publish(Int32(data=i))
    ros.until(lambda: len(got) == 200)
    assert got == list(range(200))


def test_reliable_publishers_can_wait_for_acknowledgement(ros):
    from rclpy.duration import Duration

    got = []
    publisher, _ = connect(ros, String, "chatter", got.append)
    publisher.publish(String(data="x"))
    assert publisher.wait_for_all_acked(Duration(seconds=5))


def test_wait_for_message(ros):
    from rclpy.wait_for_message import wait_for_message

    node = ros.node()
    assert wait_for_message(String, node, "chatter", time_to_wait=0.1) == (False, None)
    ros.node("talker").create_publisher(String, "state", LATCHED).publish(String(data="here"))
    found, message = wait_for_message(String, node, "state", qos_profile=LATCHED, time_to_wait=5)
    assert found
    assert message.data == "here"
