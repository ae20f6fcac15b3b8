"""Nodes of ROS 2 Jazzy (rmw_cyclonedds) and of ros2_lite in one graph, each serving and each using."""

import json
from pathlib import Path

import pytest

PEER = str(Path(__file__).with_name("peer.py"))
STRING_HASH = "RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18"


@pytest.mark.parametrize(("server", "driver"), [("lite", "ros"), ("ros", "lite"), ("lite", "lite")])
def test_everything_a_node_offers_works_across(world, server, driver):
    serving = world.start(server, PEER, "serve")
    assert serving.stdout.readline() == "ready\n"
    driving = world.start(driver, PEER, "drive")
    out, driver_errors = driving.communicate(timeout=120)
    code, server_errors = world.interrupt(serving)

    seen = json.loads(out)
    assert seen["topic"] is True
    assert seen["big_image"] is True
    assert seen["latched"] is True
    assert seen["service"] is True
    assert seen["action"] == {
        "refused": True,
        "accepted": True,
        "status": 4,
        "sequence": [0, 1, 1, 2, 3],
        "feedback": [[0, 1, 1]],
        "canceling": 1,
        "cancelled_status": 5,
    }
    assert seen["parameters"] == [1.5, [True, False], 2.5]
    assert seen["graph"] == {
        "nodes": ["/interop/driver", "/interop/server"],
        "service": ["example_interfaces/srv/AddTwoInts"],
        "topic": ["std_msgs/msg/String"],
        "hash": STRING_HASH,
        "owner": "server",
        "actions": [["/interop/fibonacci", ["example_interfaces/action/Fibonacci"]]],
        "served": [["/interop/fibonacci", ["example_interfaces/action/Fibonacci"]]],
    }
    # No warnings on either side.
    assert driver_errors == ""
    assert server_errors == ""
    assert (driving.returncode, code) == (0, 0)


def test_the_ros2_command_of_ros_sees_a_lite_node(world):
    serving = world.start("lite", PEER, "serve")
    assert serving.stdout.readline() == "ready\n"
    lines = world.shell(
        "ros2 node list --no-daemon --spin-time 3; ros2 node info --no-daemon --spin-time 3 /interop/server;"
        "ros2 topic info -v --no-daemon --spin-time 3 /interop/echo; ros2 param get --no-daemon /interop/server speed"
    )
    assert "/interop/server" in lines.splitlines()
    for expected in (
        "/interop/echo: std_msgs/msg/String",
        "/interop/say: std_msgs/msg/String",
        "/interop/add: example_interfaces/srv/AddTwoInts",
        "/rosout: rcl_interfaces/msg/Log",
        "/parameter_events: rcl_interfaces/msg/ParameterEvent",
        "/interop/server/get_type_description: type_description_interfaces/srv/GetTypeDescription",
        "/interop/fibonacci: example_interfaces/action/Fibonacci",
        f"Topic type hash: {STRING_HASH}",
        "Double value is: 1.5",
    ):
        assert expected in lines
    assert "WARN" not in lines
    assert world.interrupt(serving)[1] == ""
