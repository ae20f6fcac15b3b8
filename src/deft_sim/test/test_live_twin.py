"""The living twin: time passes by itself, devices stand on it, scenes change while it lives."""

import socket
import struct
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from deft_core.errors import WorkcellError
from deft_core.task import Task
from deft_core.workcell import WorkcellConfig
from deft_sim.devices.camera_server import CameraServer
from deft_sim.devices.workcell_devices import WorkcellDevices
from deft_sim.errors import PortTaken
from deft_sim.live import LiveTwin


def until(condition: Callable[[], bool], what: str, deadline_s: float = 20.0) -> None:
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        pause.wait(0.005)


@pytest.fixture
def live(pick_cup: Task, cell: WorkcellConfig):
    with LiveTwin(pick_cup, cell, seed=0) as twin:
        yield twin


def test_time_passes_at_the_scale_that_was_asked_for(live: LiveTwin, cell: WorkcellConfig) -> None:
    start, wall = live.arm_state().time_s, time.monotonic()
    live.wait_robot_s(4.0)
    pace = (live.arm_state().time_s - start) / (time.monotonic() - wall)
    assert pace < 1.1 * cell.time_scale  # a busy machine may be slower, never faster


def test_commands_move_the_arm_and_the_motors(live: LiveTwin) -> None:
    q = live.arm_state().q.copy()
    q[0] += 0.3
    live.command_arm(q)
    live.command_hand(np.full(12, 0.4), np.full(12, 1.0), np.ones(12, bool))
    until(lambda: bool(np.allclose(live.arm_state().q, q, atol=5e-3)), "the arm at its target")
    until(lambda: bool(np.abs(live.hand_state().position_rad[[1, 4, 7]] - 0.4).max() < 0.1), "the motors at their goal")


def test_changing_the_objects_leaves_the_robot_as_it_is(live: LiveTwin, pick_cup: Task) -> None:
    q = live.arm_state().q.copy()
    q[0] += 0.2
    live.command_arm(q)
    until(lambda: bool(np.allclose(live.arm_state().q, q, atol=5e-3)), "the arm at its target")
    before = live.arm_state()
    live.reset(pick_cup, "test", 7)
    after = live.arm_state()
    assert np.allclose(after.q, before.q, atol=5e-3)
    assert after.time_s > before.time_s
    assert live.verdict().reward == 0.0


def test_a_scene_is_the_same_as_in_process(live: LiveTwin, twin, pick_cup: Task) -> None:
    live.reset(pick_cup, "test", 21)
    twin.reset("test", 21)
    assert np.allclose(live.world.pose("target"), twin.world.pose("target"), atol=2e-3)


def test_objects_are_not_put_into_the_robot(live: LiveTwin, pick_cup: Task) -> None:
    low = live.arm_state().q.copy()
    low[1] += 0.62  # bring the hand down to the table
    live.command_arm(low)
    until(lambda: bool(np.abs(live.arm_state().qd).max() < 1e-2 and live.arm_state().time_s > 1.0), "the arm at rest")
    wrist = live.world.wrist_pose()
    tips = (wrist @ np.array([-0.1, 0, 0, 1.0]))[:2]
    place = pick_cup.placement.model_copy(update={"x_m": (tips[0],) * 2, "y_m": (tips[1],) * 2})
    moved = pick_cup.model_copy(update={"name": "under_the_hand", "placement": place})
    with pytest.raises(WorkcellError, match="home first"):
        live.reset(moved, "train", 1)


def own_addresses(cell: WorkcellConfig, tmp_path, number: int) -> WorkcellConfig:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        camera = f"127.0.0.1:{free.getsockname()[1]}"
    return cell.model_copy(
        update={
            "camera": cell.camera.model_copy(update={"address": camera}),
            "arm": cell.arm.model_copy(update={"host": f"127.7.{number}.1"}),
            "hand": cell.hand.model_copy(update={"port": str(tmp_path / "hand")}),
        }
    )


def test_devices_open_together_and_a_taken_address_opens_none(pick_cup: Task, cell: WorkcellConfig, tmp_path) -> None:
    mine = own_addresses(cell, tmp_path, 3)
    with WorkcellDevices(LiveTwin(pick_cup, mine, 0), 0) as devices:
        until(lambda: (tmp_path / "hand").exists(), "the pty")
        with (
            pytest.raises(OSError, match=r"127\.7\.3\.1"),
            WorkcellDevices(LiveTwin(pick_cup, mine, 0), 0),
        ):
            pass
        host, port = devices.camera.address
        with socket.create_connection((host, port), timeout=20) as client:
            (size,) = struct.unpack(">I", client.recv(4, socket.MSG_WAITALL))
            assert 100 < size < 4000
    assert not (tmp_path / "hand").exists()


def test_a_camera_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=str(port)),
            CameraServer(lambda: None, lambda: None, "127.0.0.1", port, 6),  # type: ignore[arg-type,return-value]
        ):
            pass


def test_physics_that_stops_says_so(pick_cup: Task, cell: WorkcellConfig) -> None:
    twin = LiveTwin(pick_cup, cell, seed=0)
    twin.attach(lambda: (_ for _ in ()).throw(ValueError("a device broke")))
    with twin:
        until(lambda: bool(twin.failure), "a failure")
        with pytest.raises(WorkcellError, match="a device broke"):
            twin.verdict()
        with pytest.raises(WorkcellError, match="a device broke"):
            twin.wait_robot_s(1.0)
