"""The driver on the vendor's SDK against the emulated controller.

SDK calls exercised here, all the driver makes: XArmAPI (connect), get_robot_sn, set_timeout, register_report_callback,
release_report_callback, get_state, get_err_warn_code, get_servo_angle, clean_warn, clean_error, motion_enable,
set_mode, set_state, set_servo_angle_j, set_tcp_load, set_tcp_offset, set_collision_sensitivity,
set_collision_tool_model, set_self_collision_detection, set_reduced_tcp_boundary, set_reduced_max_tcp_speed,
set_reduced_max_joint_speed, set_fence_mode, set_reduced_mode, get_reduced_states, disconnect.
"""

import socket
import threading
from collections.abc import Callable

import numpy as np
import pytest

from deft_arm_driver.connecting import connect
from deft_arm_driver.driver import ArmDriver
from deft_arm_driver.errors import CollisionFault
from deft_arm_driver.session import ArmSession
from deft_core.errors import DeftError, Unreachable
from deft_core.gate import Gate
from deft_core.geometry import transform
from deft_core.hand import load_hand
from deft_core.workcell import WorkcellConfig
from deft_core.wrist import rotation_from_rpy
from deft_driver.faults import CanceledFault, DeviceFault, DriverFault, RefusedFault, StaleFault, StoppedFault
from deft_sim.devices import xarm_commands, xarm_report
from deft_sim.devices.faults import WireFaults
from deft_sim.devices.rig import ArmRig, wait_for
from deft_sim.devices.xarm_protocol import pack_joints


def go(driver: ArmDriver, T: np.ndarray, straight: bool = True) -> None:
    driver.move(T, straight, 0.0, 0.0, lambda share: None, lambda: False)


def in_background(action: Callable[[], None]) -> tuple[threading.Thread, list[BaseException | None]]:
    """Run a motion on a thread; the list gets what it raised, or None, when it is over."""
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            action()
            ended.append(None)
        except BaseException as error:
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, ended


def far(T: np.ndarray) -> np.ndarray:
    out = T.copy()
    out[:3, 3] += [0.05, 0.3, 0.0]
    return out


def slowly(driver: ArmDriver, T: np.ndarray) -> None:
    driver.move(T, True, 0.02, 0.1, lambda share: None, lambda: False)


def on_its_way(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray
) -> tuple[threading.Thread, list[BaseException | None]]:
    """A slow motion that is seen to move, for `end_of`."""
    home = arm_rig.plant.arm_state().q
    motion = in_background(lambda: slowly(driver, far(target)))
    wait_for(lambda: bool(np.abs(arm_rig.plant.arm_state().q - home).max() > 0.02), "it moves")
    return motion


def end_of(thread: threading.Thread, ended: list[BaseException | None]) -> BaseException | None:
    thread.join(timeout=20)
    assert ended, "the motion never ended"
    return ended[0]


def test_nothing_moves_before_enable_and_enable_moves_nothing(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray
) -> None:
    with pytest.raises(RefusedFault, match="not enabled"):
        go(driver, target)
    assert "not enabled" in driver.disabled_by
    before = arm_rig.plant.arm_state().q
    assert "enabled" in driver.enable() and driver.disabled_by == ""
    assert np.allclose(arm_rig.plant.arm_state().q, before, atol=1e-9)


@pytest.mark.parametrize("patience_s", [None, 7.0])
def test_connecting_leaves_the_sockets_of_others_as_patient_as_they_were(
    driver: ArmDriver, cell: WorkcellConfig, patience_s: float | None
) -> None:
    nobody = cell.arm.model_copy(update={"host": "127.255.255.1"})
    try:
        socket.setdefaulttimeout(patience_s)
        connect(cell.arm, 5.0, lambda: True).disconnect()
        with pytest.raises(DeviceFault, match="cannot reach"):
            connect(nobody, 0.0, lambda: True)
        driver.enable()
        assert socket.getdefaulttimeout() == patience_s
    finally:
        socket.setdefaulttimeout(None)


@pytest.mark.parametrize("straight", [True, False])
def test_a_move_arrives(arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, straight: bool) -> None:
    driver.enable()
    shares: list[float] = []
    driver.move(target, straight, 0.0, 0.0, shares.append, lambda: False)
    assert np.allclose(driver.planner.wrist_pose(arm_rig.plant.arm_state().q), target, atol=2e-3)
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 5
    wait_for(lambda: bool(np.allclose(driver.wrist_pose(), target, atol=2e-3)), "the report shows it too")


def test_a_trajectory_is_followed_in_robot_time(arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray) -> None:
    driver.enable()
    start = driver.wrist_pose()
    poses = np.stack([start.copy() for _ in range(10)])
    poses[:, :3, 3] = start[:3, 3] + np.linspace(0.1, 1.0, 10)[:, None] * (target[:3, 3] - start[:3, 3])
    began = arm_rig.plant.arm_state().time_s
    driver.follow(poses, np.linspace(0.2, 2.0, 10), lambda share: None, lambda: False)
    took = arm_rig.plant.arm_state().time_s - began
    assert np.allclose(driver.planner.wrist_pose(arm_rig.plant.arm_state().q)[:3, 3], target[:3, 3], atol=2e-3)
    assert 1.4 < took < 4.0  # two robot seconds, and what a busy machine takes from the plant or adds to the driver


def test_the_controller_is_told_its_limits(arm_rig: ArmRig, driver: ArmDriver, cell: WorkcellConfig) -> None:
    driver.enable()
    kept = arm_rig.arm.settings
    assert kept.fence and kept.reduced and kept.collision_sensitivity == cell.arm.collision_sensitivity
    assert kept.active_boundary_mm[0] == round(cell.arm.workspace_upper_m[0] * 1e3) + 10
    assert kept.active_boundary_mm[5] == round(cell.arm.workspace_lower_m[2] * 1e3) - 10
    assert kept.self_collision == 1 and kept.tool_model == 0
    assert kept.load[0] == pytest.approx(load_hand().mass_kg) and arm_rig.arm.mode == 1
    T_wrist = driver.planner.wrist_pose(np.array(cell.arm.home_rad))
    assert np.allclose(arm_rig.arm.tcp(np.array(cell.arm.home_rad))[:3, 3], T_wrist[:3, 3], atol=1e-5)


def test_a_way_on_which_the_arm_would_fold_onto_itself_is_refused_before_it_moves(
    arm_rig: ArmRig, driver: ArmDriver
) -> None:
    driver.enable()
    before = arm_rig.plant.arm_state().q
    folded = transform(rotation_from_rpy([0.0, -0.9, 0.0]), [0.22, 0.0, 0.136])
    with pytest.raises(RefusedFault, match="fold onto itself: link 4 and link 1"):
        go(driver, folded, straight=False)
    assert np.allclose(arm_rig.plant.arm_state().q, before, atol=1e-9)


def test_a_stop_is_obeyed_within_a_control_period_and_holds_until_enabled(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray
) -> None:
    driver.enable()
    motion = on_its_way(arm_rig, driver, target)
    driver.disable("stopped by /deft/stop")
    stopped = arm_rig.plant.arm_state()
    assert isinstance(end_of(*motion), StoppedFault) and arm_rig.arm.state == 4
    wait_for(lambda: arm_rig.plant.arm_state().time_s > stopped.time_s + 0.5, "time goes by")
    # 20 mm/s for the control period under way, five times the clock: far below a millirad
    assert np.abs(arm_rig.plant.arm_state().q - stopped.q).max() < 2e-3
    with pytest.raises(StoppedFault, match="/deft/stop"):
        go(driver, target)
    driver.enable()
    go(driver, target)


def test_a_stop_while_it_is_being_enabled_holds(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person may hit the stop while the controller is being made ready, which takes a while."""
    ready = driver.session.wait_until_ready
    monkeypatch.setattr(driver.session, "wait_until_ready", lambda: (driver.disable("stopped by /deft/stop"), ready()))
    with pytest.raises(DeftError, match=r"stopped while|not report"):
        driver.enable()
    assert driver.disabled_by and arm_rig.arm.state == 4
    with pytest.raises(StoppedFault):
        go(driver, target)
    monkeypatch.undo()
    driver.enable()
    go(driver, target)


def test_an_enable_that_fails_forbids_what_was_allowed(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.enable()
    monkeypatch.setattr(driver.session.api, "set_fence_mode", lambda on: (3,))  # no answer
    with pytest.raises(DeviceFault, match="set_fence_mode"):
        driver.enable()
    assert "enable" in driver.disabled_by and arm_rig.arm.state == 4
    with pytest.raises(StoppedFault):
        go(driver, target)


def test_a_controller_paused_elsewhere_ends_the_motion_and_does_not_jump_when_it_goes_on(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray
) -> None:
    driver.enable()
    motion = on_its_way(arm_rig, driver, target)
    arm_rig.arm.set_state(3)
    fault = end_of(*motion)
    assert isinstance(fault, StoppedFault) and "state 3" in str(fault) and "elsewhere" in driver.disabled_by
    paused = arm_rig.plant.arm_state()
    arm_rig.arm.set_state(0)
    wait_for(lambda: arm_rig.plant.arm_state().time_s > paused.time_s + 0.5, "time goes by")
    assert np.abs(arm_rig.plant.arm_state().q - paused.q).max() < 2e-3
    driver.enable()
    go(driver, target)


def test_an_arm_that_does_not_follow_ends_the_motion(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.enable()
    monkeypatch.setattr(arm_rig.plant, "command_arm", lambda q: None)
    with pytest.raises(DeviceFault, match="does not follow: joint"):
        go(driver, far(far(target)))
    assert "does not follow" in driver.disabled_by and arm_rig.arm.state == 4


def test_cancel_ends_the_motion_and_leaves_the_arm_enabled(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray
) -> None:
    driver.enable()
    asked = iter([False] * 20)
    with pytest.raises(CanceledFault):
        driver.move(far(target), True, 0.02, 0.1, lambda share: None, lambda: next(asked, True))
    assert driver.disabled_by == "" and not driver.busy
    go(driver, target)


def test_a_collision_is_told_apart_and_recovered_from(arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray) -> None:
    driver.enable()
    thread, ended = in_background(lambda: slowly(driver, far(target)))
    wait_for(lambda: driver.busy, "it moves")
    arm_rig.plant.push([0, 300, 0, 0, 0, 0])
    fault = end_of(thread, ended)
    assert isinstance(fault, CollisionFault) and "31" in str(fault)
    arm_rig.plant.push(np.zeros(6))
    assert "error 31 cleared" in driver.enable()
    go(driver, target)


@pytest.mark.parametrize("code", [10, 12, 17, 21, 22, 24, 31, 35])
def test_recovery_works_after_every_kind_of_error(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, code: int
) -> None:
    driver.enable()
    arm_rig.arm.fault(code)
    arm_rig.arm.warn(12)
    with pytest.raises(DriverFault, match=str(code)):
        go(driver, target)
    assert f"error {code} cleared" in driver.enable()
    go(driver, target)


def test_a_pressed_button_is_named_and_recovery_waits_for_it(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray
) -> None:
    driver.enable()
    arm_rig.arm.press_emergency_stop()
    with pytest.raises(DeviceFault, match="Emergency Stop"):
        go(driver, target)
    with pytest.raises(DeviceFault, match="elease"):
        driver.enable()
    arm_rig.arm.release_emergency_stop()
    driver.enable()
    go(driver, target)


def test_one_lost_answer_is_forgiven(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.enable()
    passes, replies = arm_rig.wire.pass_through, iter(range(1, 100_000))
    monkeypatch.setattr(arm_rig.wire, "pass_through", lambda r: (b"", 0.0) if next(replies) == 10 else passes(r))
    go(driver, target)
    assert driver.session.lost_answers == 1


def test_a_dead_line_ends_the_motion(arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray) -> None:
    driver.enable()
    thread, ended = in_background(lambda: slowly(driver, far(target)))
    wait_for(lambda: driver.busy, "it moves")
    arm_rig.wire.faults = WireFaults(drop=1.0)
    fault = end_of(thread, ended)
    assert isinstance(fault, (DeviceFault, StaleFault))
    arm_rig.wire.faults = WireFaults()
    assert driver.disabled_by
    driver.enable()
    go(driver, target)


def test_a_silent_controller_makes_the_gate_fail_closed(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.enable()
    arm_rig.server.reporting = False
    monkeypatch.setattr(driver.session, "refresh", lambda: None)  # nor does it answer when asked
    too_old = driver.cell.arm.max_command_age_s
    wait_for(lambda: driver.session.report_age_s() > too_old, "the last report is old")
    with pytest.raises(StaleFault, match="old"):
        go(driver, target)
    assert "old" in driver.disabled_by


def test_a_hesitating_report_stream_is_made_up_for_by_asking(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray
) -> None:
    driver.enable()
    arm_rig.server.reporting = False
    wait_for(lambda: driver.session.report_age_s() > 0.4, "the last report is old")
    go(driver, target)


@pytest.mark.parametrize("what", [np.nan, np.inf, 40.0])
def test_a_spoilt_report_is_no_word_of_where_the_arm_is(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, monkeypatch: pytest.MonkeyPatch, what: float
) -> None:
    driver.enable()
    before = driver.session.report.q
    monkeypatch.setattr(xarm_report, "pack_joints", lambda values: pack_joints(np.full(6, what)))
    wait_for(lambda: driver.session.spoilt_reports > 0, "a spoilt report came")
    assert np.abs(driver.session.report.q - before).max() < 0.01
    go(driver, target)  # by asking
    # In an answer the SDK puts the last angles in the place of what is not finite: that is for `does not follow`.
    monkeypatch.setattr(xarm_commands, "pack_joints", lambda values: pack_joints(np.full(6, 40.0)))
    wait_for(lambda: driver.session.report_age_s() > driver.cell.arm.max_command_age_s, "what is known is old")
    with pytest.raises(StaleFault, match="old"):
        go(driver, target)


def test_bad_goals_are_refused_before_anything_moves(arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray) -> None:
    driver.enable()
    before = arm_rig.plant.arm_state().q
    with pytest.raises(RefusedFault, match="speed_mps"):
        driver.move(target, True, 5.0, 0.0, lambda share: None, lambda: False)
    with pytest.raises(RefusedFault, match="speed_radps"):
        driver.move(target, True, 0.0, float("nan"), lambda share: None, lambda: False)
    with pytest.raises(RefusedFault, match="increasing"):
        driver.follow(np.stack([target, target]), np.array([1.0, 1.0]), lambda share: None, lambda: False)
    with pytest.raises(RefusedFault, match="as many"):
        driver.follow(np.stack([target]), np.array([1.0, 2.0]), lambda share: None, lambda: False)
    with pytest.raises(RefusedFault, match="pose 2 asks the wrist for"):
        driver.follow(np.stack([target, far(target)]), np.array([1.0, 1.5]), lambda share: None, lambda: False)
    away = target.copy()
    away[0, 3] = 3.0
    with pytest.raises(Unreachable):
        go(driver, away)
    assert np.allclose(arm_rig.plant.arm_state().q, before, atol=1e-9) and driver.disabled_by == ""


def test_a_way_out_of_the_workspace_is_refused_before_it_begins(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray
) -> None:
    driver.enable()
    before = arm_rig.plant.arm_state().q
    below = target.copy()
    below[2, 3] = 0.0
    with pytest.raises(RefusedFault, match=r"workspace|table"):
        go(driver, below, straight=False)
    assert np.allclose(arm_rig.plant.arm_state().q, before, atol=1e-9) and driver.disabled_by == ""
    go(driver, target)


def test_what_was_not_foreseen_the_gate_stops_on_the_way(
    arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.enable()
    monkeypatch.setattr(Gate, "foresee", lambda self, commands: "")
    below = target.copy()
    below[2, 3] = 0.0
    with pytest.raises(RefusedFault, match=r"workspace|table"):
        go(driver, below, straight=False)
    assert driver.planner.wrist_pose(arm_rig.plant.arm_state().q)[2, 3] > 0.015
    assert driver.disabled_by and arm_rig.arm.state == 4
    driver.enable()
    go(driver, target)


def test_one_motion_at_a_time(arm_rig: ArmRig, driver: ArmDriver, target: np.ndarray) -> None:
    driver.enable()
    thread, ended = in_background(lambda: slowly(driver, far(target)))
    wait_for(lambda: driver.busy, "it moves")
    with pytest.raises(RefusedFault, match="busy"):
        go(driver, target)
    with pytest.raises(DeviceFault, match="under way"):
        driver.enable()
    driver.disable("over")
    assert isinstance(end_of(thread, ended), StoppedFault)


def test_no_controller_is_one_clear_error(cell: WorkcellConfig) -> None:
    nowhere = cell.arm.model_copy(update={"host": "127.9.9.9", "control_port": 1})
    with pytest.raises(DeviceFault, match=r"127\.9\.9\.9:1"):
        ArmSession(nowhere).connect(0.3)


def test_a_real_controller_refuses_another_time_scale(
    cell: WorkcellConfig, monkeypatch: pytest.MonkeyPatch, arm_rig: ArmRig
) -> None:
    monkeypatch.setattr("deft_sim.devices.xarm_commands.SERIAL", b"XI130012345678\0AC130012345678\0")
    driver = ArmDriver(cell, load_hand(), ArmSession(cell.arm))
    with pytest.raises(DeviceFault, match="time_scale"):
        driver.connect(5.0)


def test_closing_leaves_the_arm_stopped(arm_rig: ArmRig, cell: WorkcellConfig) -> None:
    driver = ArmDriver(cell, load_hand(), ArmSession(cell.arm))
    driver.connect(5.0)
    driver.enable()
    driver.close()
    assert arm_rig.arm.state == 4
