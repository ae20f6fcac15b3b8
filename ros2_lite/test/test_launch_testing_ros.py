"""Tools for launch tests with a ROS graph."""

import threading

import launch_testing_ros
import pytest
import rclpy
from launch_testing_ros import DataRepublisher, MessagePump, WaitForTopics
from launch_testing_ros.tools.output import get_rmw_output_filter
from std_msgs.msg import Int32, String


@pytest.fixture
def node():
    """Make a node that publishes on /words and /numbers, pumped by a thread of its own."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("source", context=context)
    words, numbers = node.create_publisher(String, "/words", 10), node.create_publisher(Int32, "/numbers", 10)

    def publish():
        words.publish(String(data="word"))
        numbers.publish(Int32(data=5))

    node.create_timer(0.02, publish)
    pump = MessagePump(node, context)
    pump.start()
    yield node
    pump.stop()
    node.destroy_node()
    context.try_shutdown()


def test_messages_are_waited_for(node):
    with WaitForTopics([("/words", String), ("/numbers", Int32)], timeout=15.0) as waiting:
        assert waiting.topics_received() == {"/words", "/numbers"}
        assert waiting.topics_not_received() == set()
        assert waiting.received_messages("/words")[0].data == "word"
        assert waiting.received_messages("/numbers")[0].data == 5
        with pytest.raises(KeyError):
            waiting.received_messages("/other")


def test_silent_topics_are_named(node):
    waiting = WaitForTopics([("/words", String), ("/silent", String)], timeout=5.0)
    try:
        assert not waiting.wait()
        assert waiting.topics_received() == {"/words"}
        assert waiting.topics_not_received() == {"/silent"}
    finally:
        waiting.shutdown()


def test_messages_are_changed_between_nodes(node):
    done = threading.Event()
    heard = []

    def hear(message):
        heard.append(message.data)
        done.set()

    def change(message):
        return String(data=message.data.upper())

    node.create_subscription(String, "/changed", hear, 10)
    republisher = DataRepublisher(node, "/words", "/changed", String, change)
    assert done.wait(15)
    assert heard[0] == "WORD"
    assert republisher.get_num_received() >= 1
    assert republisher.get_num_republished() >= 1
    assert republisher.get_republished()[0].data == "word"


def test_output_filters():
    assert launch_testing_ros.tools.basic_output_filter(["x"])("xa\nb\n") == "b\n"
    assert get_rmw_output_filter("no_such_rmw", "prefixes") == []
    with pytest.raises(TypeError):
        get_rmw_output_filter("no_such_rmw", "colours")
