"""Messages as text and dictionaries, and the interfaces there are."""

import os

import pytest
import rosidl_runtime_py as rt
from geometry_msgs.msg import PoseStamped, Vector3
from rosidl_runtime_py.convert import get_message_slot_types
from rosidl_runtime_py.get_interfaces import get_interfaces
from rosidl_runtime_py.utilities import (
    get_action,
    get_interface,
    get_message,
    get_namespaced_type,
    get_service,
    is_action,
    is_message,
    is_service,
)
from sensor_msgs.msg import JointState
from std_msgs.msg import Header, String, UInt8MultiArray


def test_a_message_as_dictionary_text_and_csv():
    message = Vector3(x=1.0, y=-2.5)
    assert rt.message_to_ordereddict(message) == {"x": 1.0, "y": -2.5, "z": 0.0}
    assert rt.message_to_yaml(message) == "x: 1.0\ny: -2.5\nz: 0.0\n"
    assert rt.message_to_csv(message) == "1.0,-2.5,0.0"
    assert rt.message_to_csv(String(data="a b")) == "a b"


def test_long_and_many_things_are_cut_or_left_out():
    long = UInt8MultiArray(data=bytes(200))
    assert "..." in rt.message_to_yaml(long, truncate_length=5)
    assert "..." in rt.message_to_csv(long, truncate_length=5)
    assert "<sequence type: uint8, length: 200>" in rt.message_to_yaml(long, no_arr=True)
    assert "<string length: <3>>" in rt.message_to_yaml(String(data="abc"), no_str=True)
    assert "name: [a, b]\n" in rt.message_to_yaml(JointState(name=["a", "b"]), flow_style=True)


def test_fields_are_set_from_a_dictionary():
    pose = PoseStamped()
    rt.set_message_fields(pose, {"header": {"frame_id": "map"}, "pose": {"position": {"x": 1, "z": 2.5}}})
    assert pose.header.frame_id == "map"
    assert (pose.pose.position.x, pose.pose.position.z) == (1.0, 2.5)
    joints = JointState()
    rt.set_message_fields(joints, {"name": ["a"], "position": [1, 2.5]})
    assert joints.name == ["a"]
    assert list(joints.position) == [1.0, 2.5]
    with pytest.raises(AttributeError):
        rt.set_message_fields(pose, {"nothing": 1})
    with pytest.raises(TypeError):
        rt.set_message_fields(pose, "no dictionary")


def test_slots_have_types():
    types = get_message_slot_types(Header())
    assert list(types) == ["stamp", "frame_id"]
    assert get_namespaced_type("std_msgs/msg/Header").namespaced_name() == ("std_msgs", "msg", "Header")
    assert rt.import_message_from_namespaced_type(types["stamp"]).__name__ == "Time"


def test_interfaces_are_found_by_name():
    assert get_message("std_msgs/msg/String") is String
    assert get_service("example_interfaces/srv/AddTwoInts").Request
    assert get_action("example_interfaces/action/Fibonacci").Goal
    assert get_interface("std_msgs/msg/String") is String
    assert is_message(String())
    assert not is_message(3)
    assert is_service(get_service("std_srvs/srv/Trigger"))
    assert is_action(get_action("example_interfaces/action/Fibonacci"))
    for wrong in ("String", "std_msgs/srv/String", "nothing/msg/Nothing"):
        with pytest.raises((ValueError, AttributeError, ModuleNotFoundError)):
            get_message(wrong)


def test_interfaces_are_listed():
    assert "std_msgs" in rt.get_interface_packages()
    assert "msg/String" in rt.get_message_interfaces(["std_msgs"])["std_msgs"]
    assert "srv/AddTwoInts" in rt.get_service_interfaces(["example_interfaces"])["example_interfaces"]
    assert "action/Fibonacci" in rt.get_action_interfaces(["example_interfaces"])["example_interfaces"]
    assert set(get_interfaces(["example_interfaces"])["example_interfaces"]) >= {"msg/String", "action/Fibonacci"}
    with pytest.raises(LookupError):
        rt.get_message_interfaces(["no_such_package"])
    assert os.path.isfile(rt.get_interface_path("std_msgs/msg/String"))
    with pytest.raises((LookupError, ValueError)):
        rt.get_interface_path("std_msgs/msg/Nothing")
