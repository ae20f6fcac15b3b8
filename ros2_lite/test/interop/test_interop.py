"""Nodes of ROS 2 Jazzy (rmw_cyclonedds) and of ros2_lite in one graph, each serving and each using."""

import json
from pathlib import Path

import pytest

PEER = str(Path(__file__).with_name("peer.py"))
ROS2 = ("-c", "import sys; from ros2cli.cli import main; sys.exit(main())")
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


@pytest.mark.parametrize(("server", "command"), [("lite", "ros"), ("ros", "lite")])
def test_the_ros2_command_of_one_sees_a_node_of_the_other(world, server, command):
    serving = world.start(server, PEER, "serve")
    assert serving.stdout.readline() == "ready\n"
    looking = ("--no-daemon", "--spin-time", "3")
    lines = ""
    for arguments in (
        ("node", "list", *looking),
        ("node", "info", *looking, "/interop/server"),
        ("topic", "info", "-v", *looking, "/interop/echo"),
        ("param", "get", *looking, "/interop/server", "speed"),
    ):
        out, errors = world.start(command, *ROS2, *arguments).communicate(timeout=60)
        lines += out + errors
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
