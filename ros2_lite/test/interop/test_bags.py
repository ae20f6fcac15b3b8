"""Bags that one world records and the other reads, shows and plays to the first."""

import json
import time
from pathlib import Path

import pytest

BAG = str(Path(__file__).with_name("bag.py"))
ROS2 = ("-c", "import sys; from ros2cli.cli import main; sys.exit(main())")
SENT = [f"m{i} ünï" for i in range(20)]


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize(("recorder", "reader"), [("lite", "ros"), ("ros", "lite")])
def test_a_bag_goes_across(world, tmp_path, recorder, reader, storage):
    bag = str(tmp_path / "bag")
    recording = world.start(recorder, *ROS2, "bag", "record", "-o", bag, "-s", storage, "/bag/text")
    talking = world.start(recorder, BAG, "talk")
    assert talking.communicate(timeout=40)[1] == ""
    deadline = time.monotonic() + 10
    while not (tmp_path / "bag").exists():
        assert time.monotonic() < deadline
    assert world.interrupt(recording)[0] in (0, 2)  # ROS 2's recorder ends by the signal

    reading = world.start(reader, BAG, "read", bag)
    topics, messages = json.loads(reading.communicate(timeout=40)[0])
    assert topics == {"/bag/text": "std_msgs/msg/String"}
    assert messages == SENT
    info, errors = world.start(reader, *ROS2, "bag", "info", bag).communicate(timeout=40)
    assert "Topic: /bag/text | Type: std_msgs/msg/String | Count: 20" in info, errors

    hearing = world.start(recorder, BAG, "hear")
    assert hearing.stdout.readline() == "up\n"
    playing = world.start(reader, *ROS2, "bag", "play", bag)
    assert json.loads(hearing.communicate(timeout=60)[0]) == SENT
    playing.communicate(timeout=40)
