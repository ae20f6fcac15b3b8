"""Truncated, oversized, wrong and random bytes on every kind of endpoint: an error that says where, never a crash."""

import contextlib
import random
import struct

import pytest
from example_interfaces.action import Fibonacci
from example_interfaces.srv import AddTwoInts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rcl_interfaces.msg import Log
from rclpy.action import ActionClient, ActionServer
from rclpy.serialization import serialize_message
from std_msgs.msg import String

from ros2_lite import idl
from ros2_lite.dds.domain import Participant
from ros2_lite.dds.endpoints import Writer
from ros2_lite.dds.graph import NodeEntities, pack_announcement, unpack_announcement
from ros2_lite.dds.qos import DURABILITY_TRANSIENT_LOCAL, Profile

HEADER = b"\x00\x01\x00\x00"
HOSTILE = [
    HEADER + b"\xff\xff\xff\xff" + b"A" * 8,  # a length that is a lie
    HEADER + struct.pack("<I", 5) + b"ab",  # cut off
    HEADER + b"\x00",
    b"\x00\x07\x00\x00" + b"\x01" * 32,  # XCDR2
    HEADER + random.Random(1).randbytes(64),
]


class Attacker:
    """Another participant that writes what it likes."""

    def __init__(self, domain_id):
        self.participant = Participant(domain_id)
        self.writers = {}

    def writer(self, topic, type_name, profile=Profile()):  # noqa: B008  frozen
        """Make (once) a writer for a DDS topic."""
        if topic not in self.writers:
            self.writers[topic] = Writer(self.participant.handle, topic, type_name, profile, b"typehash=RIHS01_00;")
        return self.writers[topic]

    def send(self, topic, type_name, data):
        """Write bytes; what Cyclone DDS itself refuses to send cannot reach anybody."""
        try:
            self.writer(topic, type_name).write(data)
        except RuntimeError:
            return False
        return True


@pytest.fixture
def attacker(ros):
    attacker = Attacker(ros.context.get_domain_id())
    yield attacker
    attacker.participant.close()


def test_a_subscription_drops_them_and_goes_on(ros, attacker, capfd):
    got = []
    node = ros.node("victim")
    node.create_subscription(String, "chatter", lambda m: got.append(m.data), 100)
    kind = idl.dds_type_name(String)
    writer = attacker.writer("rt/chatter", kind)
    ros.until(writer.matched_count)
    sent = sum(attacker.send("rt/chatter", kind, data) for data in HOSTILE)
    attacker.send("rt/chatter", kind, serialize_message(String(data="good")))
    ros.until(lambda: "good" in got)
    assert got == ["good"]
    errors = [line for line in capfd.readouterr().err.splitlines() if "[ERROR]" in line]
    assert len(errors) == sent
    assert all("topic '/chatter': message dropped: " in line and "std_msgs/msg/String" in line for line in errors)


def test_a_service_drops_them_and_goes_on(ros, attacker, capfd):
    node = ros.node("victim")
    node.create_service(AddTwoInts, "add", lambda request, response: response)
    kind = idl.dds_type_name(AddTwoInts.Request)
    writer = attacker.writer("rq/addRequest", kind)
    ros.until(writer.matched_count)
    for data in (HEADER + b"\x01", HEADER + bytes(16), HEADER + bytes(20), *HOSTILE):
        attacker.send("rq/addRequest", kind, data)
    client = ros.node("client").create_client(AddTwoInts, "add")
    assert client.wait_for_service(10.0)
    assert ros.wait(client.call_async(AddTwoInts.Request())) == AddTwoInts.Response()
    errors = capfd.readouterr().err
    assert "service '/add': request dropped: " in errors


def test_a_client_drops_them_and_goes_on(ros, attacker, capfd):
    node = ros.node("server")
    node.create_service(AddTwoInts, "add", lambda request, response: response)
    client = ros.node("victim").create_client(AddTwoInts, "add")
    assert client.wait_for_service(10.0)
    kind = idl.dds_type_name(AddTwoInts.Response)
    writer = attacker.writer("rr/addReply", kind)
    ros.until(writer.matched_count)
    guid = struct.pack("<Q", client._pair.writer.instance_handle)
    for body in (b"", b"\x01", b"\x02" * 7):
        attacker.send("rr/addReply", kind, HEADER + guid + struct.pack("<q", 1) + body)
        attacker.send("rr/addReply", kind, HEADER + guid + body)
    future = client.call_async(AddTwoInts.Request())
    for body in (b"\x01", b"\x02" * 7):  # the number of the question that is open
        attacker.send("rr/addReply", kind, HEADER + guid + struct.pack("<q", 1) + body)
    assert ros.wait(future) == AddTwoInts.Response()
    ros.spin_for(0.2)
    assert "service '/add': response dropped: " in capfd.readouterr().err


def test_actions_drop_them_and_go_on(ros, attacker, capfd):
    def execute(goal):
        goal.succeed()
        return Fibonacci.Result(sequence=[1])

    server = ActionServer(ros.node("server"), Fibonacci, "fib", execute)
    client = ActionClient(ros.node("client"), Fibonacci, "fib")
    assert client.wait_for_server(10.0)
    impl = Fibonacci.Impl
    endpoints = [
        (f"r{kind}/fib/_action/{name}{suffix}", idl.dds_type_name(message))
        for name, service in (
            ("send_goal", impl.SendGoalService),
            ("get_result", impl.GetResultService),
            ("cancel_goal", impl.CancelGoalService),
        )
        for kind, suffix, message in (("q", "Request", service.Request), ("r", "Reply", service.Response))
    ] + [
        ("rt/fib/_action/feedback", idl.dds_type_name(impl.FeedbackMessage)),
    ]
    for topic, kind in endpoints:
        writer = attacker.writer(topic, kind)
        ros.until(writer.matched_count)
        for data in HOSTILE:
            attacker.send(topic, kind, data)
    goal = ros.wait(client.send_goal_async(Fibonacci.Goal(order=1)))
    assert list(ros.wait(goal.get_result_async()).result.sequence) == [1]
    errors = capfd.readouterr().err
    assert "send_goalRequest': request dropped: " in errors
    assert "feedback': message dropped: " in errors
    server.destroy()
    client.destroy()


def test_discovery_drops_them_and_goes_on(ros, attacker, caplog):
    node = ros.node("victim")
    kind = "rmw_dds_common::msg::dds_::ParticipantEntitiesInfo_"
    writer = attacker.writer("ros_discovery_info", kind, Profile(depth=1, durability=DURABILITY_TRANSIENT_LOCAL))
    ros.until(writer.matched_count)
    for data in HOSTILE:
        attacker.send("ros_discovery_info", kind, data)
    attacker.send(
        "ros_discovery_info", kind, pack_announcement(attacker.participant.guid, [NodeEntities("/", "attacker")])
    )
    ros.until(lambda: "attacker" in node.get_node_names())
    assert "topic 'ros_discovery_info': bad announcement ignored" in caplog.text


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=120))
def test_random_announcements_raise_value_errors_only(data):
    for prefix in (b"", HEADER, b"\x00\x00\x00\x00"):
        with contextlib.suppress(ValueError):
            unpack_announcement(prefix + data)


_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_GIDS = st.lists(st.binary(min_size=16, max_size=16), max_size=3)


@given(st.binary(min_size=16, max_size=16), st.lists(st.builds(NodeEntities, _NAMES, _NAMES, _GIDS, _GIDS), max_size=3))
def test_announcements_round_trip(participant, nodes):
    assert unpack_announcement(pack_announcement(participant, nodes)) == (participant, nodes)


def test_announcements_are_what_the_message_class_says():
    from rmw_dds_common.msg import Gid, NodeEntitiesInfo, ParticipantEntitiesInfo

    gid = bytes(range(16))
    message = ParticipantEntitiesInfo(
        gid=Gid(data=list(gid)),
        node_entities_info_seq=[
            NodeEntitiesInfo(node_namespace="/a", node_name="node", reader_gid_seq=[Gid(data=list(gid))] * 2),
            NodeEntitiesInfo(node_namespace="/", node_name="b"),
        ],
    )
    packed = pack_announcement(gid, [NodeEntities("/a", "node", [gid, gid]), NodeEntities("/", "b")])
    assert packed.rstrip(b"\0") == serialize_message(message).rstrip(b"\0")
    from ros2_lite.dds.graph import TYPE_HASH

    assert idl.type_hash(ParticipantEntitiesInfo) == TYPE_HASH


def test_a_log_message_that_cannot_be_sent_does_not_stop_the_program(ros):
    got = []
    listener = ros.node("listener")
    listener.create_subscription(Log, "/rosout", got.append, 10)
    node = ros.node("logger")
    ros.until(lambda: listener.count_publishers("/rosout") == 2)
    node.get_logger().info("lone surrogate: \ud800")
    ros.until(lambda: any(m.msg == "lone surrogate: ?" for m in got))
