"""Halves of the tests of bags; imports upstream names only, so it runs on ROS 2 and on ros2_lite alike.

`bag.py talk` publishes to whoever records, `bag.py hear` prints what is played, `bag.py read BAG` prints what is in it.
"""

import json
import sys

import rclpy
import rosbag2_py
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

COUNT = 20
TIMEOUT_S = 30


def talk():
    """Publish numbered messages once a recorder is there."""
    rclpy.init()
    node = rclpy.create_node("talker")
    publisher = node.create_publisher(String, "bag/text", 10)
    while not publisher.get_subscription_count():
        rclpy.spin_once(node, timeout_sec=0.05)
    left = list(range(COUNT))
    node.create_timer(0.02, lambda: left and publisher.publish(String(data=f"m{left.pop(0)} ünï")))
    while left:
        rclpy.spin_once(node, timeout_sec=0.1)
    assert publisher.wait_for_all_acked()
    node.destroy_node()
    rclpy.shutdown()


def hear():
    """Print what comes."""
    rclpy.init()
    node = rclpy.create_node("hearer")
    heard = []
    node.create_subscription(String, "bag/text", lambda message: heard.append(message.data), 100)
    print("up", flush=True)
    end = node.get_clock().now().nanoseconds + TIMEOUT_S * 10**9
    while len(heard) < COUNT and node.get_clock().now().nanoseconds < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    print(json.dumps(heard), flush=True)
    node.destroy_node()
    rclpy.shutdown()


def read(bag):
    """Print what is in a bag."""
    reader = rosbag2_py.SequentialReader()
    reader.open(rosbag2_py.StorageOptions(uri=bag), rosbag2_py.ConverterOptions("", ""))
    topics = {topic.name: topic.type for topic in reader.get_all_topics_and_types()}
    messages = []
    while reader.has_next():
        name, data, _ = reader.read_next()
        if name == "/bag/text":
            messages.append(deserialize_message(data, String).data)
    print(json.dumps([topics, messages]), flush=True)


if __name__ == "__main__":
    {"talk": talk, "hear": hear, "read": read}[sys.argv[1]](*sys.argv[2:])
