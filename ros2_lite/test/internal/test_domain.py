"""How Cyclone DDS is configured, and DDS's names."""

import contextlib
import os

import pytest

from ros2_lite.dds import domain, names


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("CYCLONEDDS_URI", "ROS_STATIC_PEERS", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        monkeypatch.delenv(name, raising=False)


def test_by_default_everything_stays_on_this_machine():
    text = domain.configuration()
    assert '<Peer address="127.0.0.1"/>' in text
    assert '<NetworkInterface address="127.0.0.1"/>' in text
    assert "<AllowMulticast>false</AllowMulticast>" in text
    assert "<MaxAutoParticipantIndex>119<" in text


def test_subnet_uses_multicast_and_every_interface(monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "subnet")
    monkeypatch.setenv("ROS_STATIC_PEERS", "192.0.2.1;robot")
    text = domain.configuration()
    assert "AllowMulticast" not in text
    assert "NetworkInterface" not in text
    assert '<Peers><Peer address="192.0.2.1"/><Peer address="robot"/></Peers>' in text


def test_off_finds_nobody(monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "OFF")
    text = domain.configuration()
    assert "<Tag>ros_discovery_off_" in text
    assert "<Peer" not in text


def test_what_the_user_configures_comes_last(monkeypatch, tmp_path):
    own = tmp_path / "cyclonedds.xml"
    own.write_text(
        '<CycloneDDS><Domain><General><Interfaces><NetworkInterface name="eth0"/></Interfaces>'
        "</General></Domain></CycloneDDS>"
    )
    monkeypatch.setenv("CYCLONEDDS_URI", f"file://{own}")
    text = domain.configuration()
    assert text.endswith(f",file://{own}")
    assert "NetworkInterface" not in text


def test_wrong_environments_are_refused(monkeypatch):
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "GALAXY")
    with pytest.raises(ValueError, match="GALAXY"):
        domain.configuration()
    for wrong in ("-1", "233", "x"):
        monkeypatch.setenv("ROS_DOMAIN_ID", wrong)
        with pytest.raises(ValueError, match=wrong):
            domain.default_domain_id()


def test_names_go_to_dds_and_back():
    assert names.ros_topic_from_dds(names.topic_name("/ns/chatter")) == "/ns/chatter"
    assert names.topic_name("plain", avoid_ros_conventions=True) == "plain"
    for name in (names.request_name("/ns/add"), names.reply_name("/ns/add")):
        assert names.ros_service_from_dds(name) == "/ns/add"
        assert names.ros_topic_from_dds(name) is None
    assert names.ros_type_from_dds("std_msgs::msg::dds_::String_") == "std_msgs/msg/String"
    assert names.ros_type_from_dds("Plain") == "Plain"
    assert names.ros_service_type_from_dds("a::srv::dds_::Add_Request_") == "a/srv/Add"
    assert names.ros_service_type_from_dds("std_msgs::msg::dds_::String_") is None


def test_the_last_to_leave_a_domain_gives_its_sockets_back(free_domain):
    def sockets():
        links = []
        for name in os.listdir("/proc/self/fd"):
            with contextlib.suppress(OSError):  # listing opens one that is gone by now
                links.append(os.readlink(f"/proc/self/fd/{name}"))
        return sum(link.startswith("socket:") for link in links)

    before = sockets()
    for _ in range(3):
        number = free_domain()
        one, other = domain.Participant(number), domain.Participant(number)
        assert sockets() > before
        one.close()
        again = domain.Participant(number)  # the domain is still open, and this one is in it
        other.close()
        again.close()
        assert sockets() == before
