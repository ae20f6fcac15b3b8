"""What each register of the emulated controller does: from a request's parameters to the bytes of its answer."""

from collections.abc import Callable

import numpy as np

from deft_core.errors import Unreachable
from deft_sim.devices import xarm_protocol as p
from deft_sim.devices.xarm_controller import (
    MOVING,
    PAUSED,
    READY,
    W_NO_SOLUTION,
    W_PARAMETER,
    W_UNKNOWN,
    XArmController,
)
from deft_sim.devices.xarm_motion import (
    pose_to_transform,
    transform_to_axis_angle,
    transform_to_pose,
    within_limits,
)
from deft_sim.devices.xarm_moves import MOVES
from deft_sim.devices.xarm_protocol import BadParameters, Request, byte, pack_floats, pack_joints
from deft_sim.devices.xarm_setting_commands import SETTINGS, finite

VERSION = b"6,6,XI1300,AC1300,v1.12.2"
SERIAL = b"XI1300DEFTTWIN\x00AC1300DEFTTWIN\x00"
# Bytes of data that the SDK reads even from an answer that says it is not valid.
_SIZES = {p.GET_IK: 28, p.GET_FK: 24, p.GET_JOINTS: 28, p.IS_JOINT_LIMIT: 1, p.IS_TCP_LIMIT: 1}
Handler = Callable[[XArmController, bytes], bytes]


def respond(arm: XArmController, request: Request) -> bytes:
    """Carry a request out and return the bytes of the answer; empty for a heartbeat."""
    if request.protocol == p.HEARTBEAT:
        return b""
    if request.protocol == p.STANDARD:
        return request.modbus_exception(1)  # illegal function: nothing of standard Modbus is offered
    with arm.lock:
        invalid = 0
        data = b""
        try:
            handler = next((t[request.register] for t in (MOVES, HANDLERS, SETTINGS) if request.register in t), None)
            if handler is not None:
                data = handler(arm, request.parameters)
            else:
                arm.warn(W_UNKNOWN)
        except BadParameters:
            arm.warn(W_PARAMETER)
            invalid, data = p.INVALID, bytes(_SIZES.get(request.register, 0))
        except (Unreachable, np.linalg.LinAlgError):
            arm.warn(W_NO_SOLUTION)
            invalid, data = p.INVALID, bytes(_SIZES.get(request.register, 0))
        return request.reply(status_of(arm) | invalid, data)


def status_of(arm: XArmController) -> int:
    """The status byte of an answer."""
    ready = all(arm.enabled) and arm.state in (MOVING, READY, PAUSED)
    return (p.HAS_ERROR if arm.error else 0) | (p.HAS_WARNING if arm.warning else 0) | (0 if ready else p.NOT_READY)


def _padded(text: bytes, size: int) -> bytes:
    return text.ljust(size, b"\0")


def _nothing(arm: XArmController, q: bytes) -> bytes:
    return b""


def _motion_enable(arm: XArmController, q: bytes) -> bytes:
    arm.enable_motors(byte(q), bool(byte(q, 1)))
    return b""


def _brake(arm: XArmController, q: bytes) -> bytes:
    arm.enable_motors(byte(q), not byte(q, 1))
    return b""


def _set_state(arm: XArmController, q: bytes) -> bytes:
    arm.set_state(byte(q))
    return b""


def _set_mode(arm: XArmController, q: bytes) -> bytes:
    if not arm.set_mode(byte(q)):
        raise BadParameters(f"mode {q[0]}")
    return b""


def _clean_error(arm: XArmController, q: bytes) -> bytes:
    arm.clean_error()
    return b""


def _clean_warning(arm: XArmController, q: bytes) -> bytes:
    arm.clean_warning()
    return b""


def _joints(arm: XArmController, q: bytes) -> bytes:
    state = arm.plant.arm_state()
    rows = [state.q, state.qd, state.torque_nm][: max(1, (q[0] if q else 1) & 0x0F)]
    return b"".join(pack_joints(row) for row in rows)


def _tcp_pose(arm: XArmController, q: bytes) -> bytes:
    return pack_floats(transform_to_pose(arm.tcp(arm.plant.arm_state().q)))


def _tcp_pose_aa(arm: XArmController, q: bytes) -> bytes:
    return pack_floats(transform_to_axis_angle(arm.tcp(arm.plant.arm_state().q)))


def _inverse(arm: XArmController, q: bytes) -> bytes:
    return pack_joints(arm.solve(pose_to_transform(finite(q, 6)), arm.planned))


def _forward(arm: XArmController, q: bytes) -> bytes:
    return pack_floats(transform_to_pose(arm.tcp(finite(q, 6))))


def _is_joint_limit(arm: XArmController, q: bytes) -> bytes:
    return bytes([not within_limits(finite(q, 6))])


def _is_tcp_limit(arm: XArmController, q: bytes) -> bytes:
    try:
        arm.solve(pose_to_transform(finite(q, 6)), arm.planned)
    except Unreachable:
        return b"\x01"
    return b"\x00"


HANDLERS: dict[int, Handler] = {
    p.GET_VERSION: lambda arm, q: _padded(VERSION, 40),
    p.GET_SERIAL: lambda arm, q: _padded(SERIAL, 40),
    p.CHECK_VERIFY: lambda arm, q: b"\0",
    p.RELOAD_DYNAMICS: _nothing,
    p.SYSTEM_CONTROL: _nothing,
    p.MOTION_ENABLE: _motion_enable,
    p.SET_STATE: _set_state,
    p.GET_STATE: lambda arm, q: bytes([arm.state]),
    p.GET_CMDNUM: lambda arm, q: arm.queued.to_bytes(2, "big"),
    p.GET_ERROR: lambda arm, q: bytes([arm.error, arm.warning]),
    p.CLEAN_ERROR: _clean_error,
    p.CLEAN_WARNING: _clean_warning,
    p.SET_BRAKE: _brake,
    p.SET_MODE: _set_mode,
    p.GET_TCP_POSE: _tcp_pose,
    p.GET_TCP_POSE_AA: _tcp_pose_aa,
    p.GET_JOINTS: _joints,
    p.GET_IK: _inverse,
    p.GET_FK: _forward,
    p.IS_JOINT_LIMIT: _is_joint_limit,
    p.IS_TCP_LIMIT: _is_tcp_limit,
    p.GET_JOINT_TORQUE: lambda arm, q: pack_joints(arm.plant.arm_state().torque_nm),
    p.SERVO_ERRORS: lambda arm, q: bytes(16),
    p.GET_HARDWARE_TYPES: lambda arm, q: bytes([6, 6]),
}
