"""hand_node as a process on a graph of its own, against the emulated bus."""

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

from deft_core.grasp import JOINT_NAMES
from deft_core.hand import HandModel
from deft_core.workcell import WORKCELLS_DIR
from deft_driver.testing import DriverClient, driver_process, on_the_graph
from deft_msgs.action import ShapeHand
from deft_sim.devices import rig
from deft_sim.devices.rig import HandRig

pytestmark = pytest.mark.graph
GRASP = np.tile([0.1, 0.7, 0.8, 0.64], 4)


class Client(DriverClient):
    """What an orchestrator has of the hand."""

    def __init__(self) -> None:
        super().__init__("hand")
        self.shape = ActionClient(self, ShapeHand, "/hand/shape")

    def ask(self, joints: np.ndarray, duration_s: float):
        return self.send(self.shape, ShapeHand.Goal(joints=joints, duration_s=duration_s))


@pytest.fixture
def cell_file(hand_rig: HandRig, tmp_path: Path) -> Path:
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text()) | {"time_scale": 5.0}
    data["hand"]["port"] = hand_rig.port
    path = tmp_path / "cell.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


node = partial(driver_process, "deft_hand_driver.hand_node")


@pytest.fixture
def client(ros_environment: dict[str, str]) -> Iterator[Client]:
    with on_the_graph(Client) as it:
        yield it


def test_the_node_shapes_stops_refuses_and_ends_cleanly(
    hand_rig: HandRig, hand: HandModel, cell_file: Path, client: Client
) -> None:
    with node(cell_file) as process:
        client.until(lambda: bool(client.states), "joint states come")
        assert client.states[0].name == list(JOINT_NAMES) and len(client.states[0].position) == 16

        assert not client.ask(GRASP, 1.0).accepted  # not enabled yet
        assert client.enable().success

        status, result = client.result(client.ask(GRASP, 1.0))
        assert status == GoalStatus.STATUS_SUCCEEDED and result.success and result.fault == "none"
        assert len(result.currents_a) == 12 and client.feedback[-1] == pytest.approx(1.0)
        client.until(lambda: bool(np.allclose(client.states[-1].position, GRASP, atol=0.02)), "joint states follow")

        status, result = client.result(client.ask(np.full(16, 3.0), 1.0))
        assert status == GoalStatus.STATUS_ABORTED and result.fault == "refused" and "outside" in result.message

        handle = client.ask(np.zeros(16), 50.0)
        assert handle.accepted and not client.ask(GRASP, 1.0).accepted  # busy
        client.wait(handle.cancel_goal_async(), "the cancel is answered")
        status, result = client.result(handle)
        assert status == GoalStatus.STATUS_CANCELED and result.fault == "canceled"

        handle = client.ask(np.zeros(16), 50.0)
        assert handle.accepted
        client.stop.publish(Empty())
        status, result = client.result(handle)
        assert status == GoalStatus.STATUS_ABORTED and result.fault == "stopped"
        assert not client.ask(GRASP, 1.0).accepted and client.enable().success

        handle = client.ask(np.zeros(16), 50.0)
        hand_rig.bus.inject_error(hand.motor_ids[3], 0x20)
        status, result = client.result(handle)
        assert result.fault == "overload" and "middle_side" in result.message
        assert f"[{hand.motor_ids[3]}] rebooted" in client.enable().message
        client.until(lambda: bool(client.diagnostics), "diagnostics come")

        assert client.ask(np.zeros(16), 50.0).accepted
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
        assert process.returncode == 0 and "Traceback" not in out, out
        for reason in ("not enabled", "stopped by /deft/stop", "the hand is busy"):
            assert f"goal refused: {reason}" in out  # all that tells a person why: a client learns only "rejected"
        assert not any(servo.table["torque_enable"] for servo in hand_rig.bus.servos)


def test_an_unplugged_port_is_one_line_and_a_failing_exit(tmp_path: Path, hand: HandModel) -> None:
    link = tmp_path / "plug"
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text()) | {"time_scale": 5.0}
    data["hand"]["port"] = str(link)
    path = tmp_path / "cell.yaml"
    path.write_text(yaml.safe_dump(data))
    with ExitStack() as plugged:
        plugged.enter_context(rig.hand_rig(link, ids=hand.motor_ids, model="xl330-m288"))
        with node(path) as process:
            assert process.stdout is not None and "hand up" in process.stdout.readline()
            plugged.close()
            out, _ = process.communicate(timeout=30)
    lines = [line for line in out.splitlines() if line.strip()]
    assert process.returncode == 1 and len(lines) == 1 and "is gone" in lines[0], out


def test_sigterm_stops_the_hand_too(hand_rig: HandRig, cell_file: Path, client: Client) -> None:
    with node(cell_file) as process:
        assert client.enable().success
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        assert not any(servo.table["torque_enable"] for servo in hand_rig.bus.servos)


@pytest.mark.parametrize(
    ("port", "parameter", "reason"),
    [("/nowhere", "connect_timeout_s:=0.5", "/nowhere"), ("", "watchdog_s:=77.0", "watchdog_s")],
)
def test_no_hand_and_bad_parameters_are_one_line_and_a_failing_exit(
    cell_file: Path, port: str, parameter: str, reason: str
) -> None:
    if port:
        cell_file.write_text(cell_file.read_text().replace(yaml.safe_load(cell_file.read_text())["hand"]["port"], port))
    with node(cell_file, parameter) as process:
        out, _ = process.communicate(timeout=30)
        lines = [line for line in out.splitlines() if line.strip()]
        assert process.returncode == 1 and len(lines) == 1, out
        assert reason in lines[0] and lines[0].startswith("hand_node:")
