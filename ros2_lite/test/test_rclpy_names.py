"""Rules for names."""

import pytest
from rclpy.exceptions import (
    InvalidNamespaceException,
    InvalidNodeNameException,
    InvalidServiceNameException,
    InvalidTopicNameException,
)
from rclpy.expand_topic_name import expand_topic_name
from rclpy.topic_or_service_is_hidden import topic_or_service_is_hidden
from rclpy.utilities import remove_ros_args
from rclpy.validate_full_topic_name import validate_full_topic_name
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name
from rclpy.validate_topic_name import validate_topic_name

TOPICS = {
    "": ("empty", 0),
    "a b": ("characters", 1),
    "1a": ("number", 0),
    "a/": ("forward slash", 1),
    "a~b": ("tilde", 1),
    "~ab": ("tilde", 1),
    "a{b": ("curly", 1),
    "a}": ("curly", 1),
    "{1a}": ("number", 1),
    "{a-b}": ("substitution", 2),
    "a/1b": ("number", 2),
    "ä": ("characters", 0),
}
FULL = {
    "": ("empty", 0),
    "a": ("absolute", 0),
    "/a/": ("end with", 2),
    "/a b": ("characters", 2),
    "/a//b": ("repeated", 3),
    "/1a": ("number", 1),
    "/" + "a" * 300: ("length", None),
}
NAMESPACES = {
    "": ("empty", 0),
    "a": ("absolute", 0),
    "/a/": ("end with", 2),
    "/a b": ("characters", 2),
    "/a//b": ("repeated", 3),
    "/1a": ("number", 1),
}
NODES = {
    "": ("empty", 0),
    "a b": ("characters", 1),
    "1a": ("number", 0),
    "a/b": ("characters", 1),
    "a" * 300: ("length", None),
}


def refused(validate, name, exception, reason, index, **options):
    """Check that a name is refused, for the right reason, at the right place."""
    with pytest.raises(exception) as caught:
        validate(name, **options)
    complaint, shown, pointer = str(caught.value).split("\n")
    assert reason in complaint
    assert shown == f"  '{name}'"
    if index is not None:
        assert pointer == " " * (index + 3) + "^"


@pytest.mark.parametrize("name", TOPICS)
def test_bad_topic_names(name):
    refused(validate_topic_name, name, InvalidTopicNameException, *TOPICS[name])
    refused(validate_topic_name, name, InvalidServiceNameException, *TOPICS[name], is_service=True)


@pytest.mark.parametrize("name", FULL)
def test_bad_full_topic_names(name):
    refused(validate_full_topic_name, name, InvalidTopicNameException, *FULL[name])


@pytest.mark.parametrize("name", NAMESPACES)
def test_bad_namespaces(name):
    refused(validate_namespace, name, InvalidNamespaceException, *NAMESPACES[name])


@pytest.mark.parametrize("name", NODES)
def test_bad_node_names(name):
    refused(validate_node_name, name, InvalidNodeNameException, *NODES[name])


def test_good_names():
    assert all(validate_topic_name(name) for name in ("a", "/a/b", "~/a", "~", "{ns}/a", "a_1"))
    assert all(validate_full_topic_name(name) for name in ("/a", "/a/b1"))
    assert all(validate_namespace(name) for name in ("/", "/a", "/a/b"))
    assert validate_node_name("node_1")


def test_expansion():
    assert expand_topic_name("a", "node", "/") == "/a"
    assert expand_topic_name("a", "node", "/ns") == "/ns/a"
    assert expand_topic_name("~", "node", "/ns") == "/ns/node"
    assert expand_topic_name("/{node}/a", "node", "/ns") == "/node/a"
    for wrong in (("a b", "node", "/"), ("a", "no de", "/"), ("a", "node", "ns"), ("{what}", "node", "/")):
        with pytest.raises((ValueError, RuntimeError)):
            expand_topic_name(*wrong)


def test_hidden_names():
    assert topic_or_service_is_hidden("/a/_b/c")
    assert not topic_or_service_is_hidden("/a/b_/c")


def test_ros_arguments_are_taken_out():
    line = ["prog", "own", "--ros-args", "-r", "a:=b", "-p", "x:=1", "--log-level", "info", "--", "more"]
    assert remove_ros_args(line) == ["prog", "own", "more"]
