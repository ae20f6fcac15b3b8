"""Each of upstream's public names is accounted for; the whole list needs DEFT_ROS_SETUP=/path/to/setup.bash."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "public_names.py"
SETUP = os.environ.get("DEFT_ROS_SETUP", "")


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("public_names", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_here_and_what_is_refused(tool):
    assert tool.verdict("rclpy.qos", "QoSProfile.depth") == "have"
    assert tool.verdict("rclpy.parameter", "Parameter.Type.NOT_SET") == "have"
    assert tool.verdict("launch_ros.actions", "LoadComposableNodes").startswith("refused")
    assert tool.verdict("rosbag2_py", "SequentialCompressionReader").startswith("refused")
    assert tool.verdict("rclpy.no_such_module", "anything") == "refused"


def test_a_module_that_fails_for_another_reason_is_not_a_refusal(tool, tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("import a_package_that_is_not_there\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert tool.verdict("broken_module", "name").startswith("WRONG")


@pytest.mark.skipif(not SETUP, reason="DEFT_ROS_SETUP does not name a real ROS 2's setup script")
def test_no_name_is_unaccounted_for(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["public_names.py", SETUP])
    assert tool.main() == 0
    header, *_, total = capsys.readouterr().out.splitlines()
    assert header.split()[-1] == "UNACCOUNTED"
    assert total.split()[-1] == "0"
