"""What ROS 2 has and ros2_lite has not: asking for it says so, and what to do instead."""

import subprocess
import sys

import pytest

LACKING = [
    ("from launch_ros.actions import ComposableNodeContainer", "components are C++"),
    ("from launch_ros.actions import LoadComposableNodes", "components are C++"),
    ("from launch_ros.descriptions import ComposableNode", "components are C++"),
]


@pytest.mark.parametrize(("statement", "advice"), LACKING, ids=[line for line, _ in LACKING])
def test_a_lacking_name_is_named_and_replaced(statement, advice):
    with pytest.raises(NotImplementedError) as caught:
        exec(statement, {})
    assert statement.split()[-1] in str(caught.value)
    assert "is not part of ros2_lite" in str(caught.value)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("x.launch.xml", "<launch><let name='a' value='b'/></launch>"), ("x.launch.yaml", "launch: []\n")],
)
def test_launch_files_in_xml_and_yaml_are_refused(tmp_path, ros2, name, text):
    (tmp_path / name).write_text(text)
    done = ros2("launch", str(tmp_path / name))
    assert done.returncode == 1
    assert f"{tmp_path / name}" in done.stdout + done.stderr
    assert "not supported by ros2_lite, write it in Python (.launch.py)" in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["component", "lifecycle", "multicast", "security"])
def test_lacking_commands_are_named(command):
    done = subprocess.run(
        [sys.executable, "-m", "ros2cli", command], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert f"the command '{command}' is not part of ros2_lite" in done.stderr
