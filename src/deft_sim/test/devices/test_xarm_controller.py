"""The controller below the SDK: hostile bytes, what the parser takes, states under any sequence of commands."""

import socket
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_sim.devices import xarm_protocol as p
from deft_sim.devices.faults import Wire, WireFaults
from deft_sim.devices.kinematic import KinematicArm
from deft_sim.devices.rig import ArmRig
from deft_sim.devices.xarm_commands import HANDLERS, respond
from deft_sim.devices.xarm_controller import XArmController
from deft_sim.devices.xarm_follower import ServoFollower
from deft_sim.devices.xarm_motion import Trapezoid, within_limits
from deft_sim.devices.xarm_moves import MOVES
from deft_sim.devices.xarm_protocol import BadFrame, FrameParser, Request
from deft_sim.devices.xarm_report import REPORTS
from deft_sim.devices.xarm_server import AddressTaken, XArmServer
from deft_sim.devices.xarm_setting_commands import SETTINGS

registers = st.one_of(st.sampled_from(sorted({*MOVES, *HANDLERS, *SETTINGS})), st.integers(0, 255))
some_floats = st.lists(st.one_of(st.floats(-10, 10, width=32), st.floats(width=32)), min_size=6, max_size=14).map(
    lambda v: struct.pack(f"<{len(v)}f", *v)
)
parameters = st.one_of(
    st.binary(max_size=60), st.builds(lambda a, b: a + b, some_floats, st.binary(max_size=4)), st.binary(max_size=2)
)
requests = st.builds(Request, st.integers(0, 65535), st.sampled_from([0, 1, 2, 3]), registers, parameters)


def frame(request: Request) -> bytes:
    head = (request.transaction, request.protocol, len(request.parameters) + 1, request.register)
    return struct.pack(">HHHB", *head) + request.parameters


@given(st.lists(requests, max_size=5), st.data())
def test_requests_come_out_however_the_stream_is_cut(sent: list[Request], data: st.DataObject) -> None:
    stream, parser, out = b"".join(frame(r) for r in sent), FrameParser(), []
    while stream:
        n = data.draw(st.integers(1, len(stream)))
        out += parser.feed(stream[:n])
        stream = stream[n:]
    assert out == sent


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_ignored_by_the_parser(noise: bytes) -> None:
    try:
        FrameParser().feed(noise)
    except BadFrame:
        return


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(requests, st.integers(0, 3)), max_size=15))
def test_no_sequence_of_requests_breaks_it_or_moves_it_out_of_its_limits(steps: list[tuple[Request, int]]) -> None:
    plant = KinematicArm()
    arm = XArmController(plant)
    arm.enable_motors(8, True)
    arm.set_state(0)
    for request, ticks in steps:
        answer = respond(arm, request)
        if request.protocol in p.PRIVATE:
            assert answer[:2] == struct.pack(">H", request.transaction) and answer[6] == request.register
            assert len(answer) == 6 + struct.unpack(">H", answer[4:6])[0]
        for _ in range(ticks):
            plant.step(0.02)
            arm.tick()
        q = plant.arm_state().q
        assert np.isfinite(q).all() and within_limits(q)
        for build, _ in REPORTS.values():
            assert len(build(arm)) > 80


@given(st.floats(0, 10), st.floats(1e-3, 5), st.floats(1e-2, 50), st.floats(0, 1))
def test_a_trapezoid_arrives_and_keeps_its_limits(length: float, speed: float, acceleration: float, u: float) -> None:
    way = Trapezoid(length, speed, acceleration)
    t, dt = u * way.duration_s, 1e-4
    assert way.fraction(way.duration_s) == 1.0
    if length > 1e-6 and way.duration_s > 1e-3:
        assert 0.0 <= way.fraction(t) <= 1.0 + 1e-9
        gone = (way.fraction(min(t + dt, way.duration_s)) - way.fraction(t)) * length
        assert -1e-9 <= gone <= speed * dt * 1.001 + 1e-9


@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(1, 30)), min_size=1, max_size=8))
def test_the_servo_follower_keeps_its_speed_and_arrives(commands: list[tuple[float, int]]) -> None:
    q, t, dt = np.zeros(6), 0.0, 0.004
    follower = ServoFollower(q, t)
    for goal, ticks in commands:
        follower.command(np.full(6, goal), t, t)
        for _ in range(ticks):
            t += dt
            after = follower.at(t, dt, q, 3.14)
            assert np.abs(after - q).max() <= 3.14 * dt + 1e-12
            q = after
    for _ in range(400):
        t += dt
        q = follower.at(t, dt, q, 3.14)
    assert follower.arrived(q) and np.allclose(q, commands[-1][0])


def test_hostile_clients_lose_their_connection_and_nothing_else(arm_rig: ArmRig) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        with socket.create_connection((arm_rig.host, arm_rig.control_port), timeout=5) as it:
            it.sendall(rng.bytes(200))
    with socket.create_connection((arm_rig.host, arm_rig.control_port), timeout=5) as it:
        it.settimeout(5)
        it.sendall(frame(Request(7, 2, p.GET_VERSION, b"")))
        assert it.recv(100)[8:].startswith(b"6,6,XI1300")
        it.sendall(struct.pack(">HHHBBHH", 9, 0, 6, 1, 3, 0, 1))  # standard Modbus: read a holding register
        assert it.recv(100)[7:] == bytes([0x83, 1])


def test_an_address_in_use_is_named(arm_rig: ArmRig) -> None:
    arm = XArmController(KinematicArm())
    wire = Wire(np.random.default_rng(0))
    with (
        pytest.raises(AddressTaken, match=str(arm_rig.control_port)),
        XArmServer(arm, arm_rig.host, arm_rig.control_port, wire),
    ):
        pass


@pytest.mark.parametrize(("name", "value"), [("drop", 1.5), ("latency_s", -1.0), ("jitter_s", float("nan"))])
def test_impossible_faults_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        WireFaults(**{name: value})


def stream(arm: XArmController, plant: KinematicArm, commands: int, step_rad: float) -> None:
    for k in range(1, commands + 1):
        arm.servo(np.array([k * step_rad, -0.5, -0.8, 0.0, 1.3, 0.0]))
        for _ in range(10):
            plant.step(0.004)
            arm.tick()


def test_a_stream_that_stops_in_full_motion_is_waited_for_and_one_that_ends_at_rest_is_not() -> None:
    plant = KinematicArm()
    arm = XArmController(plant)
    arm.enable_motors(8, True)
    arm.set_mode(1)
    arm.set_state(0)
    stream(arm, plant, 10, 0.02)
    assert arm.waits_for_command()
    arm.wait_no_more()
    assert not arm.waits_for_command()
    stream(arm, plant, 1, 0.2)
    arm.set_state(4)
    assert not arm.waits_for_command()
    arm.set_state(0)
    stream(arm, plant, 10, 0.0)
    assert not arm.waits_for_command()


def test_a_sender_that_runs_ahead_of_robot_time_is_noticed() -> None:
    plant = KinematicArm()
    arm = XArmController(plant)
    arm.enable_motors(8, True)
    arm.set_mode(1)
    arm.set_state(0)
    stream(arm, plant, 10, 0.02)
    goal = plant.arm_state().q + 0.01
    assert not arm.is_behind()
    arm.servo(goal)
    assert not arm.is_behind()
    arm.servo(goal + 0.01)
    assert arm.is_behind()
    for _ in range(10):
        plant.step(0.004)
        arm.tick()
    assert not arm.is_behind()


@given(st.lists(st.floats(0.2, 3.0), min_size=40, max_size=40))
def test_a_stream_is_followed_at_its_own_speed_however_unevenly_it_comes(gaps: list[float]) -> None:
    """Robot time stands still while the arm waits for a command, and a sender waits while the arm is behind."""
    period, step, dt = 0.03, 0.006, 0.004
    sender = [0.0]
    plant = KinematicArm()
    arm = XArmController(plant, sender_clock=lambda: sender[0], servo_period_s=period)
    arm.enable_motors(8, True)
    arm.set_mode(1)
    arm.set_state(0)
    start, began = plant.arm_state().q, plant.arm_state().time_s

    def live(seconds: float) -> None:
        for _ in range(round(seconds / dt)):
            if not arm.waits_for_command():
                plant.step(dt)
                arm.tick()

    for k, gap in enumerate(gaps, 1):
        arm.servo(start + k * step)
        live(gap * period)
        while arm.is_behind():
            live(dt)
        sender[0] += gap * period
    while not arm.waits_for_command():
        live(dt)
    took = plant.arm_state().time_s - began
    arm.wait_no_more()
    live(2 * dt)
    assert np.allclose(plant.arm_state().q, start + len(gaps) * step, atol=1e-6)
    assert took == pytest.approx(len(gaps) * period, rel=0.05)
