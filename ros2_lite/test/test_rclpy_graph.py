"""What nodes see of each other."""

import subprocess
import sys
import textwrap

import pytest
from example_interfaces.action import Fibonacci
from rclpy.action import (
    ActionClient,
    ActionServer,
    get_action_client_names_and_types_by_node,
    get_action_names_and_types,
    get_action_server_names_and_types_by_node,
)
from rclpy.node import NodeNameNonExistentError
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointTypeEnum
from std_msgs.msg import String
from std_srvs.srv import Trigger

STRING = "std_msgs/msg/String"


@pytest.fixture
def nodes(ros):
    """Two nodes with a topic, a service and an action."""
    a, b = ros.node("a"), ros.node("b", namespace="/ns")
    a.create_publisher(String, "chatter", QoSProfile(depth=3, reliability=ReliabilityPolicy.BEST_EFFORT))
    b.create_subscription(
        String, "/chatter", lambda m: None, QoSProfile(depth=3, reliability=ReliabilityPolicy.BEST_EFFORT)
    )
    b.create_service(Trigger, "go", lambda request, response: response)
    a.create_client(Trigger, "/ns/go")
    server = ActionServer(a, Fibonacci, "fibonacci", lambda goal: Fibonacci.Result())
    client = ActionClient(b, Fibonacci, "/fibonacci")
    ros.until(lambda: a.count_subscribers("chatter") and a.count_services("/ns/go") and client.server_is_ready())
    yield a, b
    client.destroy()
    server.destroy()


def test_names(nodes):
    a, b = nodes
    assert set(a.get_node_names()) >= {"a", "b"}
    assert ("b", "/ns") in a.get_node_names_and_namespaces()
    assert "/ns/b" in a.get_fully_qualified_node_names()
    assert ("a", "/", "/") in b.get_node_names_and_namespaces_with_enclaves()
    assert b.get_fully_qualified_name() == "/ns/b"
    assert a.wait_for_node("/ns/b", 5.0)
    assert not a.wait_for_node("/ns/c", 0.1)


def test_topics_and_services(nodes):
    a, b = nodes
    topics = dict(a.get_topic_names_and_types())
    assert topics["/chatter"] == [STRING]
    assert topics["/rosout"] == ["rcl_interfaces/msg/Log"]
    assert dict(a.get_topic_names_and_types(no_demangle=True))["rt/chatter"] == ["std_msgs::msg::dds_::String_"]
    assert dict(b.get_service_names_and_types())["/ns/go"] == ["std_srvs/srv/Trigger"]
    assert (a.count_publishers("chatter"), a.count_subscribers("/chatter")) == (1, 1)
    assert (b.count_clients("go"), b.count_services("go")) == (1, 1)
    assert a.count_publishers("/nothing") == 0


def test_by_node(nodes):
    a, b = nodes
    assert dict(b.get_publisher_names_and_types_by_node("a", "/"))["/chatter"] == [STRING]
    assert dict(a.get_subscriber_names_and_types_by_node("b", "/ns"))["/chatter"] == [STRING]
    assert dict(a.get_service_names_and_types_by_node("b", "/ns"))["/ns/go"] == ["std_srvs/srv/Trigger"]
    assert dict(b.get_client_names_and_types_by_node("a", "/"))["/ns/go"] == ["std_srvs/srv/Trigger"]
    assert "/ns/go" not in dict(b.get_service_names_and_types_by_node("a", "/"))
    with pytest.raises(NodeNameNonExistentError):
        a.get_publisher_names_and_types_by_node("nobody", "/")


def test_actions(nodes):
    a, b = nodes
    expected = [("/fibonacci", ["example_interfaces/action/Fibonacci"])]
    assert get_action_names_and_types(b) == expected
    assert get_action_server_names_and_types_by_node(b, "a", "/") == expected
    assert get_action_client_names_and_types_by_node(a, "b", "/ns") == expected
    assert get_action_server_names_and_types_by_node(b, "b", "/ns") == []


def test_endpoint_infos(nodes):
    a, b = nodes
    (info,) = b.get_publishers_info_by_topic("/chatter")
    assert (info.node_name, info.node_namespace, info.topic_type) == ("a", "/", STRING)
    assert info.endpoint_type == TopicEndpointTypeEnum.PUBLISHER
    assert info.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert info.qos_profile.durability == DurabilityPolicy.VOLATILE
    assert str(info.topic_type_hash) == "RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18"
    assert len(info.endpoint_gid) == 16
    (info,) = a.get_subscriptions_info_by_topic("chatter")
    assert (info.node_name, info.node_namespace) == ("b", "/ns")
    assert info.endpoint_type == TopicEndpointTypeEnum.SUBSCRIPTION
    assert "Reliability: BEST_EFFORT" in str(info)


def test_a_destroyed_node_disappears(ros, nodes):
    a, b = nodes
    gone = ros.node("gone")
    ros.until(lambda: "gone" in a.get_node_names())
    gone.destroy_node()
    ros.until(lambda: "gone" not in a.get_node_names())
    assert "a" in b.get_node_names()


OTHER = textwrap.dedent("""
    import sys, rclpy
    from std_msgs.msg import String
    rclpy.init()
    node = rclpy.create_node("other")
    node.create_publisher(String, "from_other", 10)
    print("up", flush=True)
    sys.stdin.read()
    rclpy.shutdown()
""")


@pytest.fixture
def other():
    """Another process with a node."""
    process = subprocess.Popen([sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.communicate()


def test_a_process_that_ends_disappears(ros, other):
    node = ros.node()
    ros.until(lambda: "other" in node.get_node_names() and node.count_publishers("from_other"))
    other.communicate()
    ros.until(lambda: "other" not in node.get_node_names() and not node.count_publishers("from_other"))


def test_a_node_in_another_domain_is_not_seen(ros, other):
    import rclpy

    context = rclpy.Context()
    rclpy.init(context=context, args=[], domain_id=ros.context.get_domain_id() % 100 + 1)
    stranger = rclpy.create_node("stranger", context=context)
    node = ros.node()
    ros.until(lambda: "other" in node.get_node_names())
    assert "other" not in stranger.get_node_names()
    assert "stranger" not in node.get_node_names()
    stranger.destroy_node()
    context.try_shutdown()
