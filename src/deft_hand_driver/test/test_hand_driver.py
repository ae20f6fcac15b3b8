"""The driver on the vendor's dynamixel_sdk against the emulated bus.

SDK calls exercised here, all the driver makes: PortHandler.openPort, setBaudRate, closePort; PacketHandler(2.0).ping,
reboot, read1ByteTxRx, read4ByteTxRx, write1ByteTxRx, write2ByteTxRx, write4ByteTxRx, getTxRxResult, getRxPacketError;
GroupSyncRead.addParam, txRxPacket; GroupSyncWrite.addParam, txPacket.
"""

import threading
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_core.errors import ConfigError, GateRefused
from deft_core.hand import HandModel, load_hand
from deft_core.workcell import WorkcellConfig
from deft_driver.faults import CanceledFault, DeviceFault, DriverFault, RefusedFault, StaleFault, StoppedFault
from deft_hand_driver.bus import HandBus
from deft_hand_driver.driver import HandDriver, motor_names, watchdog_units
from deft_hand_driver.errors import OverloadFault
from deft_hand_driver.registers import Register
from deft_hand_driver.shaping import plan_shape
from deft_sim.devices.faults import WireFaults
from deft_sim.devices.rig import HandRig, wait_for

GRASP = np.tile([0.1, 0.7, 0.8, 0.64], 4)


def shape(driver: HandDriver, joints: np.ndarray = GRASP, duration_s: float = 0.5) -> None:
    driver.shape(joints, duration_s, lambda share, now: None, lambda: False)


def in_background(action: Callable[[], None]) -> tuple[threading.Thread, list[BaseException | None]]:
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


def end_of(thread: threading.Thread, ended: list[BaseException | None]) -> BaseException | None:
    thread.join(timeout=20)
    assert ended, "the motion never ended"
    return ended[0]


def test_nothing_moves_before_enable_and_enable_moves_nothing(hand_rig: HandRig, driver: HandDriver) -> None:
    with pytest.raises(StoppedFault, match="not enabled"):
        shape(driver)
    assert driver.enable() == "enabled" and driver.disabled_by == ""
    assert not hand_rig.plant.hand_state().position_rad.any()
    assert all(s.table["torque_enable"] and s.table["operating_mode"] == 5 for s in hand_rig.bus.servos)


@pytest.mark.parametrize("hand", ["dash", "leap"], indirect=True)
def test_a_posture_is_reached_in_its_time(hand_rig: HandRig, driver: HandDriver, hand: HandModel) -> None:
    driver.enable()
    shares: list[float] = []
    began = hand_rig.plant.hand_state().time_s
    driver.shape(GRASP, 1.0, lambda share, now: shares.append(share), lambda: False)
    took = hand_rig.plant.hand_state().time_s - began
    assert 0.4 < took < 4.0 and shares == sorted(shares) and shares[-1] == 1.0
    wanted = hand.motors_from_joints(GRASP)
    wait_for(lambda: bool(np.allclose(hand_rig.plant.hand_state().position_rad, wanted, atol=5e-3)), "the posture")
    wait_for(lambda: bool(np.allclose(driver.joints(), GRASP, atol=0.02)), "and the state shows it")


def test_limits_and_currents_are_written(hand_rig: HandRig, driver: HandDriver, hand: HandModel) -> None:
    hand_rig.bus.servos[4].table["current_limit"] = 100
    driver.enable()
    for servo in hand_rig.bus.servos:
        assert servo.table["current_limit"] == round(hand.motors.current_limit_a * 1e3)
        assert servo.table["goal_current"] == round(hand.motors.goal_current_a * 1e3)
        assert servo.table["shutdown"] == 0x35


def test_closing_on_something_presses_with_the_goal_current(
    hand_rig: HandRig, driver: HandDriver, hand: HandModel
) -> None:
    driver.enable()
    hand_rig.plant.block(1, 0.3)
    shape(driver)
    wait_for(lambda: abs(driver.state.current_a[1] - hand.motors.goal_current_a) < 2e-3, "motor 2 presses")
    assert driver.state.position_rad[1] < 0.31 and driver.disabled_by == ""


def test_a_stop_holds_where_the_hand_is_until_enabled(hand_rig: HandRig, driver: HandDriver) -> None:
    driver.enable()
    thread, ended = in_background(lambda: shape(driver, duration_s=20.0))
    wait_for(lambda: bool(hand_rig.plant.hand_state().position_rad.max() > 0.05), "it closes")
    driver.disable("stopped by /deft/stop")
    assert isinstance(end_of(thread, ended), StoppedFault)
    stopped = hand_rig.plant.hand_state()
    wait_for(lambda: hand_rig.plant.hand_state().time_s > stopped.time_s + 1.0, "time goes by")
    assert np.abs(hand_rig.plant.hand_state().position_rad - stopped.position_rad).max() < 5e-3
    with pytest.raises(StoppedFault, match="/deft/stop"):
        shape(driver)
    driver.enable()
    shape(driver)


def test_a_stop_while_it_is_being_enabled_holds(driver: HandDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = driver.bus.hardware_errors
    monkeypatch.setattr(driver.bus, "hardware_errors", lambda: driver.disable("stopped by /deft/stop") or errors())
    with pytest.raises(GateRefused, match="stopped while"):
        driver.enable()
    with pytest.raises(StoppedFault):
        shape(driver)
    monkeypatch.undo()
    driver.enable()
    shape(driver)


def test_a_stop_while_enabling_waits_for_the_bus_holds(driver: HandDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.enable()
    state, free = driver.bus.state, threading.Event()
    monkeypatch.setattr(driver.bus, "state", lambda once=False: (once and free.wait(10.0), state(once=once))[1])
    thread, ended = in_background(driver.enable)
    wait_for(lambda: driver.disabled_by != "", "it is being enabled again")
    driver.disable("stopped by /deft/stop")
    free.set()
    assert isinstance(end_of(thread, ended), GateRefused) and driver.disabled_by
    with pytest.raises(StoppedFault):
        shape(driver)


def test_an_enable_that_fails_forbids_what_was_allowed_and_leaves_no_motor_unwatched(
    hand_rig: HandRig, driver: HandDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.enable()
    write, deaf = driver.bus.write, driver.bus.ids[6]

    def deaf_motor(motor: int, register: Register, value: int) -> None:
        if motor == deaf:
            raise DeviceFault(f"motor {motor} does not answer")
        write(motor, register, value)

    monkeypatch.setattr(driver.bus, "write", deaf_motor)
    with pytest.raises(DeviceFault, match="does not answer"):
        driver.enable()
    assert "enable" in driver.disabled_by
    with pytest.raises(StoppedFault):
        shape(driver)
    wait_for(lambda: all(s.table["bus_watchdog"] == 125 for s in hand_rig.bus.servos), "every watchdog is set")


def test_what_still_grips_beside_a_failed_motor_is_stopped_and_let_go(
    hand_rig: HandRig, cell: WorkcellConfig, hand: HandModel, bus: HandBus
) -> None:
    driver = HandDriver(cell, hand, bus)
    driver.connect(5.0)
    driver.enable()
    thread, ended = in_background(lambda: shape(driver, duration_s=20.0))
    wait_for(lambda: bool(hand_rig.plant.hand_state().position_rad.max() > 0.05), "it closes")
    hand_rig.bus.inject_error(hand.motor_ids[4], 0x20)
    assert isinstance(end_of(thread, ended), OverloadFault)
    goals = lambda: np.array([s.table["goal_position"] for s in hand_rig.bus.servos])  # noqa: E731
    squeezing = goals()
    driver.disable("stopped by /deft/stop")
    wait_for(lambda: bool((goals() != squeezing).any()), "the others hold where they are")
    driver.close()
    wait_for(lambda: not any(s.table["torque_enable"] for s in hand_rig.bus.servos), "torque off")


def test_cancel_ends_the_motion_and_leaves_the_hand_enabled(driver: HandDriver) -> None:
    driver.enable()
    asked = iter([False] * 5)
    with pytest.raises(CanceledFault):
        driver.shape(GRASP, 20.0, lambda share, now: None, lambda: next(asked, True))
    assert not driver.busy and driver.disabled_by == ""
    shape(driver)


def test_overload_is_told_apart_and_recovered_from(hand_rig: HandRig, driver: HandDriver, hand: HandModel) -> None:
    driver.enable()
    thread, ended = in_background(lambda: shape(driver, duration_s=30.0))
    wait_for(lambda: driver.busy, "it closes")
    hand_rig.bus.inject_error(hand.motor_ids[4], 0x20)
    fault = end_of(thread, ended)
    assert isinstance(fault, OverloadFault) and "middle_forward" in str(fault) and "overload" in str(fault)
    with pytest.raises(StoppedFault, match="overload"):
        shape(driver)
    assert driver.enable() == f"enabled, motors [{hand.motor_ids[4]}] rebooted"
    shape(driver)


def test_heat_is_named_and_recovery_waits_for_it(hand_rig: HandRig, driver: HandDriver, hand: HandModel) -> None:
    driver.enable()
    hand_rig.bus.inject_heat(hand.motor_ids[0], 80.0)
    wait_for(lambda: "overheating" in driver.disabled_by, "the driver notices by itself")
    with pytest.raises(DeviceFault, match="overheating"):
        driver.enable()
    hand_rig.bus.inject_heat(hand.motor_ids[0], 40.0)
    driver.enable()
    shape(driver)


def test_a_noisy_wire_is_survived(hand_rig: HandRig, driver: HandDriver) -> None:
    driver.enable()
    hand_rig.wire.faults = WireFaults(corrupt=0.004, drop=0.002)
    for joints in (GRASP, 0.5 * GRASP, GRASP):
        shape(driver, joints)


def test_a_dead_wire_makes_the_gate_fail_closed_and_enabling_brings_it_back(
    hand_rig: HandRig, driver: HandDriver
) -> None:
    driver.enable()
    thread, ended = in_background(lambda: shape(driver, duration_s=30.0))
    wait_for(lambda: driver.busy, "it closes")
    hand_rig.wire.faults = WireFaults(drop=1.0)
    fault = end_of(thread, ended)
    assert isinstance(fault, (StaleFault, DeviceFault)) and driver.disabled_by
    with pytest.raises(DeviceFault, match=r"no status packet|does not answer"):
        driver.enable()
    hand_rig.wire.faults = WireFaults()
    driver.enable()
    shape(driver)


def test_the_watchdog_is_set_where_it_can_be_and_fed(hand_rig: HandRig, driver: HandDriver) -> None:
    driver.enable()
    servo = hand_rig.bus.servos[0]
    assert servo.table["bus_watchdog"] == 125  # half a second of the host's, five times the clock
    start = hand_rig.plant.hand_state().time_s
    wait_for(lambda: hand_rig.plant.hand_state().time_s > start + 4.0, "longer than the watchdog")
    assert servo.table.memory[98] == 125


def test_a_watchdog_that_ran_out_unnoticed_costs_no_motion(hand_rig: HandRig, driver: HandDriver) -> None:
    """A servo whose watchdog has run out ignores goals and says nothing: it is set again before a motion."""
    driver.enable()
    servo = hand_rig.bus.servos[1]
    servo.table.memory[98] = 0xFF  # as if the host had been away
    shape(driver)
    assert servo.table.memory[98] == 125
    goal = driver.hand.motors_from_joints(GRASP)[1]
    wait_for(lambda: abs(hand_rig.plant.hand_state().position_rad[1] - goal) < 0.05, "the motor at its goal")


def test_a_motor_whose_supply_failed_for_a_moment_is_no_success(hand_rig: HandRig, driver: HandDriver) -> None:
    """It has restarted limp, takes goals and reports no error."""
    driver.enable()
    torque = hand_rig.bus.servos[3].table

    def fail(share: float, now: np.ndarray) -> None:
        torque["torque_enable"] = 0

    for told in (fail, lambda share, now: None):  # on the way, and before it
        with pytest.raises(DriverFault, match=r"motors \[4\] do not hold"):
            driver.shape(GRASP, 0.5, told, lambda: False)
        driver.enable()
        fail(0.0, GRASP)
    driver.enable()
    shape(driver)


def test_a_goal_that_was_not_taken_is_no_success(hand_rig: HandRig, driver: HandDriver) -> None:
    """The goals are read back at the end: sync writes are not acknowledged."""
    driver.enable()

    def run_out(share: float, now: np.ndarray) -> None:
        hand_rig.bus.servos[1].table.memory[98] = 0xFF

    with pytest.raises(StaleFault, match=r"motors \[2\] did not take their goals"):
        driver.shape(GRASP, 0.5, run_out, lambda: False)
    assert driver.disabled_by
    driver.enable()
    shape(driver)


def test_a_late_answer_to_a_shorter_question_is_not_taken_for_this_ones(
    hand_rig: HandRig, driver: HandDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK trips over one (IndexError); the driver throws it away and asks again."""
    driver.enable()  # the first time it writes the mode and reads nothing
    packets = driver.bus._packets
    asked: list[int] = []

    def short_at_first(port: object, motor: int, address: int) -> tuple[int, int, int]:
        asked.append(motor)
        if len(asked) == 1:
            raise IndexError("list index out of range")
        return type(packets).read4ByteTxRx(packets, port, motor, address)

    monkeypatch.setattr(packets, "read4ByteTxRx", short_at_first)
    driver.enable()
    assert asked[0] == asked[1]
    shape(driver)


@pytest.mark.parametrize(("scale", "units"), [(1.0, 25), (5.0, 125), (8.0, 127), (20.0, 0)])
def test_the_watchdog_counts_robot_time(scale: float, units: int) -> None:
    assert watchdog_units(0.5, scale) == units


def test_a_watchdog_shorter_than_a_host_may_be_late_is_refused() -> None:
    assert watchdog_units(0.0, 1.0) == 0 and watchdog_units(0.25, 1.0) == 13
    with pytest.raises(ConfigError, match=r"at least 0\.25"):
        watchdog_units(0.1, 1.0)


@pytest.mark.parametrize(
    ("joints", "duration_s", "reason"),
    [
        (np.full(16, np.nan), 1.0, "finite"),
        (np.zeros(12), 1.0, "16"),
        (np.full(16, 3.0), 1.0, "outside"),
        (GRASP, -1.0, "duration"),
        (GRASP, float("inf"), "duration"),
    ],
)
def test_bad_goals_are_refused(driver: HandDriver, joints: np.ndarray, duration_s: float, reason: str) -> None:
    driver.enable()
    with pytest.raises(RefusedFault, match=reason):
        shape(driver, joints, duration_s)
    assert driver.disabled_by == ""


def test_one_motion_at_a_time(driver: HandDriver) -> None:
    driver.enable()
    thread, ended = in_background(lambda: shape(driver, duration_s=30.0))
    wait_for(lambda: driver.busy, "it closes")
    with pytest.raises(RefusedFault, match="busy"):
        shape(driver)
    with pytest.raises(DeviceFault, match="under way"):
        driver.enable()
    driver.disable("over")
    assert isinstance(end_of(thread, ended), StoppedFault)


def test_closing_lets_the_motors_go_limp(
    hand_rig: HandRig, cell: WorkcellConfig, hand: HandModel, bus: HandBus
) -> None:
    driver = HandDriver(cell, hand, bus)
    driver.connect(5.0)
    driver.enable()
    driver.close()
    wait_for(lambda: not any(s.table["torque_enable"] for s in hand_rig.bus.servos), "torque off")


def test_no_port_missing_motors_and_a_taken_port_are_clear_errors(
    driver: HandDriver, hand_rig: HandRig, cell: WorkcellConfig, hand: HandModel
) -> None:
    names = motor_names(hand)
    with pytest.raises(DeviceFault, match="/nowhere"):
        HandBus("/nowhere", 4_000_000, hand.motor_ids, names).connect(0.1)
    with pytest.raises(DeviceFault, match="in use"):
        HandBus(hand_rig.port, 4_000_000, hand.motor_ids, names).connect(0.1)
    driver.close()
    with pytest.raises(DeviceFault, match=r"no answer from motor 77 \(thumb_curl\)"):
        HandBus(hand_rig.port, 4_000_000, (*hand.motor_ids[:11], 77), names).connect(2.0)
    with pytest.raises(DeviceFault, match="57600"):
        HandBus(hand_rig.port, 57600, hand.motor_ids, names).connect(0.1)


def test_a_real_hand_refuses_another_time_scale(
    hand_rig: HandRig, cell: WorkcellConfig, hand: HandModel, bus: HandBus
) -> None:
    hand_rig.bus.servos[3].table["model_information"] = 0
    with pytest.raises(DeviceFault, match="time_scale"):
        HandDriver(cell, hand, bus).connect(5.0)


@given(
    st.lists(st.floats(0, 1), min_size=16, max_size=16),
    st.lists(st.floats(0, 1), min_size=16, max_size=16),
    st.floats(0, 60),
    st.floats(0, 1),
)
def test_a_planned_shape_keeps_limits_and_speed(
    start: list[float], goal: list[float], duration: float, u: float
) -> None:
    hand = load_hand("dash")
    a, b = (hand.lower + np.array(v) * (hand.upper - hand.lower) for v in (start, goal))
    motion = plan_shape(hand, a, b, duration, 1.0)
    t, dt = u * motion.duration_s, 1e-3
    assert np.allclose(motion.at(motion.duration_s), b)
    assert (motion.at(t) >= hand.lower - 1e-9).all() and (motion.at(t) <= hand.upper + 1e-9).all()
    assert np.abs(motion.at(t + dt) - motion.at(t)).max() <= 0.8 * hand.motors.max_speed_radps * dt + 1e-9
