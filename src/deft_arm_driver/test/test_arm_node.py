"""arm_node as a process on a graph of its own, against the emulated controller."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from std_msgs.msg import Empty

from deft_core import interchange
from deft_core.hand import load_hand
from deft_core.planner import ArmPlanner
from deft_core.workcell import WORKCELLS_DIR, WorkcellConfig
from deft_driver.testing import DriverClient, driver_process, on_the_graph
from deft_msgs.action import FollowWristTrajectory, MoveToPose
from deft_sim.devices import rig

pytestmark = pytest.mark.graph


class Client(DriverClient):
    """What an orchestrator has of the arm."""

    def __init__(self) -> None:
        super().__init__("arm")
        self.move = ActionClient(self, MoveToPose, "/arm/move_to_pose")
        self.follow = ActionClient(self, FollowWristTrajectory, "/arm/follow_wrist_trajectory")


@pytest.fixture
def arm_rig() -> Iterator[rig.ArmRig]:
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text())
    with rig.arm_rig(q=data["arm"]["home_rad"], time_scale=5.0) as it:
        yield it


@pytest.fixture
def cell_file(arm_rig: rig.ArmRig, tmp_path: Path) -> Path:
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text()) | {"time_scale": 5.0}
    data["arm"] |= {"host": arm_rig.host, "control_port": arm_rig.control_port}
    path = tmp_path / "cell.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


node = partial(driver_process, "deft_arm_driver.arm_node")


@pytest.fixture
def client(ros_environment: dict[str, str]) -> Iterator[Client]:
    with on_the_graph(Client) as it:
        yield it


@pytest.fixture
def goal(cell_file: Path) -> MoveToPose.Goal:
    cell = WorkcellConfig.model_validate(yaml.safe_load(cell_file.read_text()))
    T = ArmPlanner(cell.arm, load_hand()).wrist_pose(np.array(cell.arm.home_rad))
    T[:3, 3] += [0.02, 0.03, -0.05]
    out = MoveToPose.Goal(straight=True)
    out.target.header.frame_id = "base_link"
    interchange.fill_pose(out.target.pose, T)
    return out


def test_the_node_moves_stops_refuses_and_ends_cleanly(
    arm_rig: rig.ArmRig, cell_file: Path, client: Client, goal: MoveToPose.Goal
) -> None:
    with node(cell_file) as process:
        client.until(lambda: bool(client.states), "joint states come")
        assert client.states[0].name == [f"joint{i}" for i in range(1, 7)]

        assert not client.send(client.move, goal).accepted  # not enabled yet
        assert not client.enable(after_fault_only=True).success
        answer = client.enable()
        assert answer.success and "enabled" in answer.message

        status, result = client.result(client.send(client.move, goal))
        assert status == GoalStatus.STATUS_SUCCEEDED and result.success and result.fault == "none"
        assert result.reached.header.frame_id == "base_link"
        reached, wanted = interchange.pose(result.reached.pose), interchange.pose(goal.target.pose)
        assert np.allclose(reached[:3, 3], wanted[:3, 3], atol=5e-3)
        assert client.feedback and client.feedback[-1] == pytest.approx(1.0)

        path = FollowWristTrajectory.Goal(times_s=[0.5, 1.0])
        path.header.frame_id = "base_link"
        path.poses = [goal.target.pose, goal.target.pose]
        status, result = client.result(client.send(client.follow, path))
        assert status == GoalStatus.STATUS_SUCCEEDED and result.success

        away = MoveToPose.Goal(straight=True, target=goal.target)
        away.target.header.frame_id = "map"
        status, result = client.result(client.send(client.move, away))
        assert status == GoalStatus.STATUS_ABORTED and result.fault == "refused" and "map" in result.message
        away.target.header.frame_id = "base_link"
        away.target.pose.position.x = 3.0
        status, result = client.result(client.send(client.move, away))
        assert status == GoalStatus.STATUS_ABORTED and result.fault == "unreachable"

        slow = MoveToPose.Goal(straight=True, target=goal.target, speed_mps=0.002)
        slow.target.pose.position.x = float(wanted[0, 3])
        slow.target.pose.position.y += 0.25
        handle = client.send(client.move, slow)
        assert handle.accepted and not client.send(client.move, goal).accepted  # busy
        client.wait(handle.cancel_goal_async(), "the cancel is answered")
        status, result = client.result(handle)
        assert status == GoalStatus.STATUS_CANCELED and result.fault == "canceled"

        both = [client.move.send_goal_async(slow) for _ in range(2)]  # neither waits to hear of the other
        handles = [client.wait(future, "a goal is answered") for future in both]
        assert sorted(handle.accepted for handle in handles) == [False, True]
        handle = next(handle for handle in handles if handle.accepted)
        client.stop.publish(Empty())
        status, result = client.result(handle)
        assert status == GoalStatus.STATUS_ABORTED and result.fault == "stopped" and arm_rig.arm.state == 4
        assert not client.send(client.move, goal).accepted
        answer = client.enable(after_fault_only=True)  # what a program that recovers by itself asks
        assert not answer.success and "stopped by /deft/stop" in answer.message
        assert client.enable().success

        handle = client.send(client.move, slow)
        arm_rig.plant.push([0, 300, 0, 0, 0, 0])
        status, result = client.result(handle)
        assert result.fault == "collision" and "31" in result.message
        arm_rig.plant.push(np.zeros(6))
        assert "error 31 cleared" in client.enable(after_fault_only=True).message

        ours = [s for array in client.diagnostics for s in array.status if s.name == "arm_node: controller"]
        client.until(lambda: bool(ours or client.diagnostics), "diagnostics come")

        handle = client.send(client.move, slow)
        assert handle.accepted
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
        assert process.returncode == 0 and "Traceback" not in out, out
        assert arm_rig.arm.state == 4 and arm_rig.arm.queued == 0
        for reason in ("not enabled", "stopped by /deft/stop", "the arm is busy"):
            assert f"goal refused: {reason}" in out  # all that tells a person why: a client learns only "rejected"


def test_a_lost_controller_is_one_line_and_a_failing_exit(tmp_path: Path) -> None:
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text()) | {"time_scale": 5.0}
    path = tmp_path / "cell.yaml"
    with ExitStack() as plugged:
        it = plugged.enter_context(rig.arm_rig(q=data["arm"]["home_rad"]))
        data["arm"] |= {"host": it.host, "control_port": it.control_port}
        path.write_text(yaml.safe_dump(data))
        with node(path) as process:
            assert process.stdout is not None and "arm up" in process.stdout.readline()
            plugged.close()
            out, _ = process.communicate(timeout=30)
    lines = [line for line in out.splitlines() if line.startswith("arm_node:")]
    assert process.returncode == 1 and len(lines) == 1 and "is lost" in lines[0] and "Traceback" not in out, out


def test_sigterm_stops_the_arm_too(arm_rig: rig.ArmRig, cell_file: Path, client: Client) -> None:
    with node(cell_file) as process:
        assert client.enable().success
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        assert arm_rig.arm.state == 4


def test_no_controller_is_one_line_and_a_failing_exit(tmp_path: Path) -> None:
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text())
    data["arm"] |= {"host": "127.9.9.9", "control_port": 1}
    path = tmp_path / "cell.yaml"
    path.write_text(yaml.safe_dump(data))
    with node(path, "connect_timeout_s:=0.5") as process:
        out, _ = process.communicate(timeout=30)
        lines = [line for line in out.splitlines() if line.strip()]
        assert process.returncode == 1 and len(lines) == 1, out
        assert "127.9.9.9:1" in lines[0] and lines[0].startswith("arm_node:")


@pytest.mark.parametrize("parameter", ["workcell:=nonsense", "time_scale:=900.0", "time_scale:=fast"])
def test_bad_parameters_fail_at_once(cell_file: Path, parameter: str) -> None:
    with node(cell_file, parameter) as process:
        out, _ = process.communicate(timeout=30)
        lines = [line for line in out.splitlines() if line.strip()]
        assert process.returncode == 1 and len(lines) == 1 and parameter.partition(":=")[0] in lines[0], out
