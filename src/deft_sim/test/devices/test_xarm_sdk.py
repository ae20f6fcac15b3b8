"""The vendor's xarm-python-sdk, unmodified, on the emulated controller.

Calls made here: connect, get_version, motion_enable, set_mode, set_state, get_state, get_err_warn_code, clean_error,
clean_warn, set_servo_angle, set_servo_angle_j, set_position, set_tool_position, set_position_aa, set_servo_cartesian,
set_servo_cartesian_aa, move_circle, move_gohome, set_pause_time, vc_set_joint_velocity, vc_set_cartesian_velocity,
get_servo_angle, get_position, get_position_aa, get_joint_states, get_joints_torque, get_inverse_kinematics,
get_forward_kinematics, is_joint_limit, is_tcp_limit, get_cmdnum, set_collision_sensitivity,
set_self_collision_detection, set_tcp_offset, set_tcp_load, set_reduced_mode, set_reduced_max_tcp_speed,
set_reduced_max_joint_speed, set_reduced_tcp_boundary, set_reduced_joint_range, get_reduced_mode, get_reduced_states,
set_fence_mode, set_collision_rebound, emergency_stop, the report stream, disconnect.
"""

import math
import socket
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from xarm.core.config.x_config import XCONF
from xarm.wrapper import XArmAPI
from xarm.x3.report import ReportDataStructure

from deft_core.arm_shape import SelfClearance
from deft_core.kinematics import flange_pose, joint_frames
from deft_sim.devices.faults import WireFaults
from deft_sim.devices.rig import ArmRig, wait_for
from deft_sim.devices.xarm_report import REPORTS

START = np.array([0.0, -0.5, -0.8, 0.0, 1.3, 0.0])
Connect = Callable[..., XArmAPI]


@pytest.fixture
def connect(arm_rig: ArmRig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    monkeypatch.setattr(XCONF.SocketConf, "TCP_CONTROL_PORT", arm_rig.control_port)
    opened: list[XArmAPI] = []

    def open_one(report_type: str = "rich") -> XArmAPI:
        api = XArmAPI(arm_rig.host, is_radian=True, report_type=report_type, forbid_uds=True)
        opened.append(api)
        return api

    patience = socket.getdefaulttimeout()  # the SDK sets it, for the whole process
    yield open_one
    for api in opened:
        api.disconnect()
    socket.setdefaulttimeout(patience)


@pytest.fixture
def arm(connect: Connect) -> XArmAPI:
    api = connect()
    assert api.motion_enable(True) == 0 and api.set_mode(0) == 0 and api.set_state(0) == 0
    return api


def joints(arm: XArmAPI) -> np.ndarray:
    code, angles = arm.get_servo_angle(is_radian=True)
    assert code == 0
    return np.array(angles[:6])


def test_connecting_tells_who_it_is(connect: Connect) -> None:
    arm = connect()
    assert arm.connected and arm.version == "6,6,XI1300,AC1300,v1.12.2" and arm.version_number == (1, 12, 2)
    assert arm.axis == 6 and arm.get_state() == (0, 4) and arm.get_err_warn_code() == (0, [0, 0])


def test_nothing_moves_before_it_is_enabled(connect: Connect) -> None:
    arm = connect()
    goal = START + 0.1
    assert arm.set_servo_angle_j(goal.tolist(), is_radian=True) == 9
    assert arm.motion_enable(True) == 0 and arm.get_state() == (0, 4)
    assert arm.set_servo_angle_j(goal.tolist(), is_radian=True) == 9
    assert arm.set_mode(1) == 0 and arm.set_state(0) == 0 and arm.get_state() == (0, 2)
    assert arm.set_servo_angle_j(goal.tolist(), is_radian=True) == 0
    wait_for(lambda: bool(np.allclose(joints(arm), goal, atol=1e-5)), "the arm at its goal")


def test_a_new_mode_waits_for_state_zero(arm: XArmAPI) -> None:
    assert arm.set_mode(1) == 0 and arm.get_state() == (0, 5)
    assert arm.set_servo_angle_j(START.tolist(), is_radian=True) == 9
    assert arm.set_state(0) == 0 and arm.get_state() == (0, 2)


def test_joint_moves_queue_and_arrive(arm: XArmAPI) -> None:
    first, second = START + 0.2, START - 0.2
    assert arm.set_servo_angle(angle=first.tolist(), speed=1.0, mvacc=10.0, is_radian=True) == 0
    assert arm.set_servo_angle(angle=second.tolist(), speed=1.0, mvacc=10.0, is_radian=True) == 0
    assert arm.get_cmdnum()[1] == 2 and arm.get_is_moving()
    assert arm.set_servo_angle(servo_id=6, angle=0.5, speed=1.0, is_radian=True, wait=True, timeout=20) == 0
    assert np.allclose(joints(arm), [*second[:5], 0.5], atol=1e-5)


def test_a_trapezoid_keeps_its_speed(arm_rig: ArmRig, arm: XArmAPI) -> None:
    assert arm.set_servo_angle(angle=[1.0, *START[1:]], speed=0.5, mvacc=5.0, is_radian=True) == 0
    start = arm_rig.plant.arm_state()
    speeds = []

    def done() -> bool:
        state = arm_rig.plant.arm_state()
        speeds.append(abs(state.qd[0]))
        return bool(abs(state.q[0] - 1.0) < 1e-6)

    wait_for(done, "joint 1 at 1 rad")
    took = arm_rig.plant.arm_state().time_s - start.time_s
    assert 0.45 < max(speeds) < 0.51 and 1.9 < took < 2.3  # 1 rad at 0.5 rad/s with 0.1 s ramps: 2.1 s of robot time


def test_lines_are_straight_in_millimetres(arm_rig: ArmRig, arm: XArmAPI) -> None:
    code, pose = arm.get_position(is_radian=True)
    T = flange_pose(START)
    assert code == 0 and np.allclose(pose[:3], T[:3, 3] * 1e3, atol=1e-2)
    assert arm.set_position(x=pose[0] + 60, y=40, z=pose[2] - 30, speed=200, mvacc=2000, wait=True, timeout=20) == 0
    after = arm.get_position(is_radian=True)[1]
    assert np.allclose(after[:3], [pose[0] + 60, 40, pose[2] - 30], atol=0.2)
    assert np.allclose(flange_pose(arm_rig.plant.arm_state().q)[:3, :3], T[:3, :3], atol=2e-3)
    assert arm.set_position(z=20, relative=True, speed=200, wait=True, timeout=20) == 0
    assert math.isclose(arm.get_position()[1][2], pose[2] - 10, abs_tol=0.2)
    assert arm.set_tool_position(z=10, speed=200, wait=True, timeout=20) == 0
    moved = np.array(arm.get_position()[1][:3]) - [pose[0] + 60, 40, pose[2] - 10]
    assert np.allclose(moved, T[:3, 2] * 10, atol=0.3)
    aa = arm.get_position_aa(is_radian=True)[1]
    assert arm.set_position_aa([aa[0], aa[1], aa[2] + 15, *aa[3:]], speed=200, is_radian=True, wait=True) == 0
    assert math.isclose(arm.get_position()[1][2], aa[2] + 15, abs_tol=0.2)


def test_going_home_and_pausing(arm: XArmAPI) -> None:
    assert arm.set_pause_time(0.5) == 0
    assert arm.move_gohome(speed=3.0, mvacc=20.0, is_radian=True, wait=True, timeout=20) == 0
    assert np.allclose(joints(arm), 0.0, atol=1e-5)
    assert np.allclose(arm.get_position()[1][:3], [207, 0, 112], atol=0.01)
    assert arm.set_servo_angle(angle=START.tolist(), speed=0.5, is_radian=True) == 0
    assert arm.set_state(3) == 0 and arm.get_state() == (0, 3)
    assert arm.set_state(0) == 0
    wait_for(lambda: bool(np.allclose(joints(arm), START, atol=1e-5)), "the paused move goes on")


def test_servo_stream_is_followed_smoothly(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm.set_mode(1)
    arm.set_state(0)
    speeds: list[float] = []
    t0 = arm_rig.plant.arm_state().time_s
    last, sent = -1.0, 0
    while (t := arm_rig.plant.arm_state().time_s - t0) < 1.5:
        if t - last > 0.03:
            last, sent = t, sent + 1
            # One step on from the last, as a driver sends them: a sender that was held up does not jump.
            assert arm.set_servo_angle_j([0.012 * sent, *START[1:]], is_radian=True) == 0
        speeds.append(float(arm_rig.plant.arm_state().qd[0]))
    settled = np.array(speeds[len(speeds) // 3 :])
    # 0.4 rad/s where every step comes in time; steps taken at full speed would show 3.14.
    assert 0.2 < np.median(settled) < 0.5 and settled.max() < 1.2


def test_a_servo_jump_is_approached_with_limited_speed(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm.set_mode(1)
    arm.set_state(0)
    assert arm.set_servo_angle_j([1.5, *START[1:]], is_radian=True) == 0
    speeds: list[float] = []

    def there() -> bool:
        state = arm_rig.plant.arm_state()
        speeds.append(abs(float(state.qd[0])))
        return bool(abs(state.q[0] - 1.5) < 1e-6)

    wait_for(there, "joint 1 at its goal")
    assert max(speeds) <= 3.15


def test_servo_cartesian_in_base_and_tool(arm: XArmAPI) -> None:
    arm.set_mode(1)
    arm.set_state(0)
    pose = arm.get_position(is_radian=True)[1]
    assert arm.set_servo_cartesian([pose[0] + 5, *pose[1:]], is_radian=True) == 0
    wait_for(lambda: abs(arm.get_position()[1][0] - pose[0] - 5) < 0.2, "5 mm in x")
    assert arm.set_servo_cartesian([0, 0, 5, 0, 0, 0], is_radian=True, is_tool_coord=True) == 0
    aa = arm.get_position_aa(is_radian=True)[1]
    assert arm.set_servo_cartesian_aa([aa[0], aa[1] + 4, *aa[2:]], is_radian=True) == 0
    wait_for(lambda: abs(arm.get_position()[1][1] - aa[1] - 4) < 0.3, "4 mm in y")


def test_velocity_modes(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm.set_mode(4)
    arm.set_state(0)
    assert arm.vc_set_joint_velocity([0.3, 0, 0, 0, 0, 0], is_radian=True, check_mode=False) == 0
    wait_for(lambda: joints(arm)[0] > 0.1, "joint 1 turns")
    assert arm.vc_set_joint_velocity([0] * 6, is_radian=True, check_mode=False) == 0
    arm.set_mode(5)
    arm.set_state(0)
    z = arm.get_position()[1][2]
    assert arm.vc_set_cartesian_velocity([0, 0, 50, 0, 0, 0], is_radian=True, check_mode=False) == 0
    wait_for(lambda: arm.get_position()[1][2] > z + 10, "the flange rises")
    assert arm.set_state(4) == 0 and not arm.get_is_moving()


def test_states_and_kinematics_agree_with_ours(arm: XArmAPI) -> None:
    code, (q, qd, effort) = arm.get_joint_states(is_radian=True)
    assert code == 0 and np.allclose(q[:6], START, atol=1e-6) and not any(qd) and len(effort) == 7
    assert arm.get_joints_torque()[0] == 0
    code, pose = arm.get_forward_kinematics(START.tolist(), input_is_radian=True, return_is_radian=True)
    assert code == 0 and np.allclose(pose[:3], flange_pose(START)[:3, 3] * 1e3, atol=1e-2)
    code, back = arm.get_inverse_kinematics(pose, input_is_radian=True, return_is_radian=True)
    assert code == 0 and np.allclose(back[:6], START, atol=1e-3)
    assert arm.get_inverse_kinematics([5000, 0, 0, 0, 0, 0], input_is_radian=True)[0] != 0
    assert arm.clean_warn() == 0
    assert arm.is_joint_limit([0, 3, 0, 0, 0, 0], is_radian=True) == (0, True)
    assert arm.is_tcp_limit([5000, 0, 0, 0, 0, 0], is_radian=True) == (0, True)


@pytest.mark.parametrize("kind", ["normal", "rich", "real"])
def test_reports_carry_the_joints(arm_rig: ArmRig, connect: Connect, kind: str) -> None:
    arm = connect(kind)
    arm.motion_enable(True)
    arm.set_mode(1)
    arm.set_state(0)
    arm.set_servo_angle_j((START + 0.1).tolist(), is_radian=True)
    wait_for(lambda: bool(np.allclose(arm.angles[:6], START + 0.1, atol=1e-4)), "the report shows the new joints")
    assert arm.mode == 1 and arm.state == 2
    wait_for(lambda: abs(arm.position[0] - flange_pose(START + 0.1)[0, 3] * 1e3) < 0.1, "and the tool pose")


@pytest.mark.parametrize("port", REPORTS)
def test_report_frames_have_the_sdks_layout(arm_rig: ArmRig, port: int) -> None:
    frame = REPORTS[port][0](arm_rig.arm)
    layout = ReportDataStructure.create(port)
    assert len(frame) == len(layout) == int.from_bytes(frame[:4], "big")
    layout.update(frame)
    assert np.allclose(layout.actual_joint_angle[:6], START, atol=1e-6) and layout.state == 4
    if port == 30002:
        assert layout.version == "6,6,XI1300,AC1300,v1.12.2" and layout.collision_sens == 3
        assert layout.joint_voltages[0] == 4800 and layout.reduced_tcp_boundary[0] == [-9999, 9999]
        assert math.isclose(layout.joint_max_speed, 4.0, rel_tol=1e-6) and not layout.is_fence_mode


def test_collision_stops_with_error_31_until_recovered(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm.set_servo_angle(angle=[1.0, *START[1:]], speed=0.2, is_radian=True)
    arm_rig.plant.push([0, 200, 0, 0, 0, 0])
    wait_for(lambda: arm.get_err_warn_code()[1][0] == 31, "error 31")
    assert arm.get_state() == (0, 4)
    assert arm.set_servo_angle_j(START.tolist(), is_radian=True) == 1  # the SDK's code for an error that stands
    wait_for(lambda: arm.error_code == 31, "the report shows it too")
    arm_rig.plant.push(np.zeros(6))
    assert arm.clean_error() == 0 and arm.motion_enable(True) == 0 and arm.set_state(0) == 0
    assert arm.get_err_warn_code() == (0, [0, 0]) and arm.get_state() == (0, 2)


def test_sensitivity_decides_what_a_collision_is(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm_rig.plant.push([0, 20, 0, 0, 0, 0])
    assert arm.set_collision_sensitivity(5) == 0
    wait_for(lambda: arm.get_err_warn_code()[1][0] == 31, "error 31 at the highest sensitivity")
    arm.clean_error()
    assert arm.set_collision_sensitivity(0) == 0
    arm_rig.plant.push([0, 500, 0, 0, 0, 0])
    before = arm_rig.plant.arm_state().time_s
    wait_for(lambda: arm_rig.plant.arm_state().time_s > before + 0.5, "time goes by")
    assert arm.get_err_warn_code() == (0, [0, 0])


def test_servo_faults_clear_only_after_the_motors_were_enabled(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm_rig.arm.fault(13)
    assert arm.clean_error() == 1 and arm.get_err_warn_code()[1][0] == 13
    assert arm.motion_enable(True) == 0 and arm.clean_error() in (0, 9) and arm.get_err_warn_code()[1][0] == 0
    assert arm.set_state(0) == 0 and arm.get_state() == (0, 2)


def test_emergency_button_holds_the_error_until_it_is_out(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm_rig.arm.press_emergency_stop()
    arm.motion_enable(True)
    assert arm.clean_error() == 1 and arm.get_err_warn_code()[1][0] == 1 and arm.set_state(0) == 0
    assert arm.get_state() == (0, 4)
    arm_rig.arm.release_emergency_stop()
    arm.clean_error()
    arm.motion_enable(True)
    assert arm.set_state(0) == 0 and arm.get_state() == (0, 2)


def test_emergency_stop_call_stops_at_once(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm.set_servo_angle(angle=[2.0, *START[1:]], speed=0.5, is_radian=True)
    wait_for(lambda: arm_rig.plant.arm_state().q[0] > 0.05, "it moves")
    arm.emergency_stop()
    stopped = arm_rig.plant.arm_state()
    assert arm.get_state() == (0, 4) and arm.set_servo_angle_j(START.tolist(), is_radian=True) == 9
    wait_for(lambda: arm_rig.plant.arm_state().time_s > stopped.time_s + 0.5, "time goes by")
    assert abs(arm_rig.plant.arm_state().q[0] - stopped.q[0]) < 0.003  # at most the period under way


def test_boundary_takes_effect_when_the_fence_is_set_and_lets_it_back_in(arm_rig: ArmRig, arm: XArmAPI) -> None:
    x = arm.get_position()[1][0]
    assert arm.set_fence_mode(True) == [0]
    assert arm.set_reduced_tcp_boundary([x + 20, -900, 900, -900, 900, -900]) == 0
    assert arm.set_position(x=x + 30, speed=200, wait=True, timeout=20) == 0  # not in force yet
    assert arm.set_position(x=x, speed=200, wait=True, timeout=20) == 0
    assert arm.set_fence_mode(True) == [0]
    arm.set_position(x=x + 60, speed=200)
    wait_for(lambda: arm.get_err_warn_code()[1][0] == 35, "error 35")
    assert arm_rig.arm.tcp(arm_rig.plant.arm_state().q)[0, 3] * 1e3 < x + 30
    arm.clean_error()
    arm.set_state(0)
    wait_for(lambda: arm.error_code == 0, "the report shows no error: set_position looks there")
    assert arm.set_position(x=x, speed=200, wait=True, timeout=20) == 0


def test_an_arm_about_to_touch_itself_stops_with_error_22_where_that_is_watched(arm_rig: ArmRig, arm: XArmAPI) -> None:
    def gap() -> float:
        return SelfClearance().of_frames(joint_frames(arm_rig.plant.arm_state().q))[0]

    folding = [0.0, -0.8, 0.19, 0.0, 1.3, 0.0]
    assert arm.set_self_collision_detection(True) == 0
    assert gap() > 0.05
    arm.set_servo_angle(angle=folding, speed=1.0, is_radian=True)
    wait_for(lambda: arm.get_err_warn_code()[1][0] == 22, "error 22")
    assert -0.01 < gap() < 0.01
    arm.clean_error()
    arm.set_state(0)
    wait_for(lambda: arm.error_code == 0, "the report shows no error")
    assert arm.set_servo_angle(angle=START.tolist(), speed=1.0, is_radian=True, wait=True, timeout=20) == 0
    assert arm.set_self_collision_detection(False) == 0
    assert arm.set_servo_angle(angle=folding, speed=1.0, is_radian=True, wait=True, timeout=20) == 0
    assert gap() < -0.01  # nothing of flesh and bone: a kinematic arm goes where it is told


def test_reduced_mode_reads_back_and_caps_the_speed(arm_rig: ArmRig, arm: XArmAPI) -> None:
    assert arm.set_reduced_max_tcp_speed(150) == 0 and arm.set_reduced_max_joint_speed(0.4, is_radian=True) == 0
    assert arm.set_reduced_tcp_boundary([700, 100, 500, -500, 800, 10]) == 0
    assert arm.set_reduced_joint_range([-2, 2, -2, 2, -3, 0.1, -3, 3, -1.6, 3, -3, 3], is_radian=True) == 0
    assert arm.set_collision_rebound(False) == [0] and arm.set_reduced_mode(True) == 0
    assert arm.get_reduced_mode() == (0, 1)
    code, states = arm.get_reduced_states(is_radian=True)
    assert code == 0 and states[0] == 1 and states[1] == [700, 100, 500, -500, 800, 10]
    assert np.allclose(states[2:4], [150, 0.4]) and np.allclose(states[4][:4], [-2, 2, -2, 2])
    arm.set_servo_angle(angle=[0.5, *START[1:]], speed=3.0, mvacc=20.0, is_radian=True)
    fastest = [0.0]

    def there() -> bool:
        state = arm_rig.plant.arm_state()
        fastest.append(abs(float(state.qd[0])))
        return bool(abs(state.q[0] - 0.5) < 1e-6)

    wait_for(there, "joint 1 at its goal")
    assert 0.35 < max(fastest) < 0.41
    arm.set_servo_angle(angle=[2.5, *START[1:]], speed=3.0, is_radian=True)
    wait_for(lambda: arm.get_err_warn_code()[1][0] == 23, "error 23 beyond the reduced range")


def test_offset_and_load_are_kept(arm: XArmAPI) -> None:
    x, y, z = arm.get_position()[1][:3]
    R = flange_pose(START)[:3, :3]
    assert arm.set_tcp_offset([0, 0, 50, 0, 0, 0], is_radian=True) == 0 and arm.get_state() == (0, 5)
    assert arm.set_state(0) == 0
    assert np.allclose(arm.get_position()[1][:3], [x, y, z] + R[:, 2] * 50, atol=0.01)
    assert arm.set_tcp_load(0.55, [0, 0, 60]) == 0
    wait_for(lambda: arm.tcp_load == [0.55, [0, 0, 60]] and arm.tcp_offset[2] == 50, "the report shows both")


def test_a_lost_answer_is_a_timeout_and_the_next_one_is_heard(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm.set_timeout(0.2)
    arm_rig.wire.faults = WireFaults(drop=1.0)
    assert arm.get_state()[0] == 3
    arm_rig.wire.faults = WireFaults(latency_s=0.03, jitter_s=0.01)
    assert arm.get_state() == (0, 2)
    arm_rig.wire.faults = WireFaults()
    assert arm.get_state() == (0, 2)


def test_circles_pass_through_their_points_and_come_round(arm_rig: ArmRig, arm: XArmAPI) -> None:
    x, y, z, *rpy = arm.get_position(is_radian=True)[1]
    seen: list[np.ndarray] = []
    through = ([x + 30, y + 30, z, *rpy], [x + 60, y, z, *rpy])
    assert arm.move_circle(*through, percent=100, speed=200, mvacc=2000, is_radian=True) == 0

    def done() -> bool:
        seen.append(arm_rig.arm.tcp(arm_rig.plant.arm_state().q)[:3, 3] * 1e3)
        return len(seen) > 20 and not arm.get_is_moving()

    wait_for(done, "the circle is drawn")
    way = np.array(seen)
    assert np.allclose(np.linalg.norm(way[:, :2] - [x + 30, y], axis=1), 30.0, atol=0.5)
    assert np.ptp(way[:, 1]) > 55 and np.allclose(way[-1], [x, y, z], atol=0.3)
    x, y, z, *rpy = arm.get_position(is_radian=True)[1]
    arm.move_circle([x + 30, y, z, *rpy], [x + 60, y, z, *rpy], percent=50, speed=200, is_radian=True)
    wait_for(lambda: arm.get_err_warn_code()[1][0] == 32, "three points on a line are error 32")


def test_online_planning_lets_the_newest_goal_win(arm_rig: ArmRig, arm: XArmAPI) -> None:
    arm.set_mode(6)
    arm.set_state(0)
    assert arm.set_servo_angle(angle=[2.0, *START[1:]], speed=0.5, is_radian=True) == 0
    wait_for(lambda: arm_rig.plant.arm_state().q[0] > 0.1, "it is on its way")
    assert arm.set_servo_angle(angle=START.tolist(), speed=2.0, is_radian=True) == 0
    assert arm.get_cmdnum()[1] <= 1
    wait_for(lambda: bool(np.allclose(joints(arm), START, atol=1e-5)), "back at the start")
