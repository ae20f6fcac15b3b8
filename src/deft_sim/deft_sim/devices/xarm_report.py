"""The report frames of the emulated controller: fixed layouts of state that it pushes to whoever listens.

Source: the vendor's xarm-python-sdk 1.18.4, `xarm/x3/report.py`. Integers are big-endian, floats little-endian; the
    SDK tells the kinds apart by port number alone, so a twin can move its control port but not these.
"""

import struct
from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core import kinematics
from deft_sim.devices.xarm_commands import VERSION
from deft_sim.devices.xarm_controller import SERVO_FAULTS, XArmController
from deft_sim.devices.xarm_motion import transform_to_pose
from deft_sim.devices.xarm_protocol import pack_floats, pack_joints

REPORT_DEV, REPORT_NORMAL, REPORT_RICH, REPORT_REAL = 30000, 30001, 30002, 30003
_TEMPERATURE_C, _CENTIVOLT = 35, 4800


def _framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 4) + body


def _state_mode(arm: XArmController) -> int:
    return (arm.mode << 4 | arm.state) & 0xFF


def _head(arm: XArmController) -> bytes:
    state = arm.plant.arm_state()
    return (
        struct.pack(">BH", _state_mode(arm), arm.queued)
        + pack_joints(state.q)
        + pack_floats(transform_to_pose(arm.tcp(state.q)))
        + pack_joints(state.torque_nm)
    )


def real_report(arm: XArmController) -> bytes:
    """Port 30003: joints, tool pose, torques, forces."""
    return _framed(_head(arm) + bytes(48))


def _normal_body(arm: XArmController) -> bytes:
    s = arm.settings
    motors = sum(1 << i for i, on in enumerate(arm.enabled) if on)
    return (
        _head(arm)
        + bytes([motors, motors, arm.error, arm.warning])
        + pack_floats(s.tcp_offset)
        + pack_floats(s.load)
        + bytes([s.collision_sensitivity, s.teach_sensitivity])
        + pack_floats(s.gravity)
    )


def normal_report(arm: XArmController) -> bytes:
    """Port 30001: the real one's head, motors, error, warning, settings."""
    return _framed(_normal_body(arm))


def tool_speed_mmps(arm: XArmController) -> float:
    """How fast the set-point moves the flange."""
    return float(np.linalg.norm(kinematics.jacobian(arm.setpoint)[:3] @ arm.speed)) * 1e3


def _switches(arm: XArmController) -> int:
    s = arm.settings
    bits = (s.reduced, s.fence, s.report_current, s.approximate, s.cartesian_continuous)
    return sum(1 << i for i, bit in enumerate(bits) if bit)


def rich_report(arm: XArmController) -> bytes:
    """Port 30002: everything."""
    s = arm.settings
    q = arm.plant.arm_state().q
    faulty = arm.error - SERVO_FAULTS[1] if arm.error in SERVO_FAULTS else -1
    servo = b"".join(bytes([3 if i == faulty else 0, 0x10 if i == faulty else 0]) for i in range(7))
    axis_angle = Rotation.from_matrix(arm.tcp(q)[:3, :3]).as_rotvec()
    boundary = struct.pack(">6h", *s.boundary_mm)
    ranges = np.vstack([s.joint_ranges, [[0.0, 0.0]]]).ravel()
    body = (
        _normal_body(arm)
        + bytes([6, 6, 0xAA, 0x55, 0, 0])
        + VERSION.ljust(30, b"\0")
        + pack_floats([s.tcp_jerk, 1.0, s.tcp_max_acceleration, 0.1, 1000.0])
        + pack_floats([s.joint_jerk, 0.01, s.joint_max_acceleration, 0.0001, 4.0])
        + pack_floats([20.0, 10.0])
        + servo
        + bytes(2)
        + bytes([_TEMPERATURE_C] * 6 + [0])
        + pack_floats([tool_speed_mmps(arm)])
        + pack_joints(arm.speed)
        + struct.pack(">I", s.counter & 0xFFFFFFFF)
        + pack_floats(s.world_offset)
        + bytes([0, 0, s.simulated & 1, s.self_collision & 1, s.tool_model])
        + bytes(24)
        + struct.pack(">7H", *([_CENTIVOLT] * 6), 0)
        + pack_joints(np.zeros(6))
        + bytes([0, 0])
        + bytes(16)
        + bytes(32)
        + bytes(48)
        + bytes([0])
        + pack_floats(axis_angle)
        + bytes([_switches(arm), s.reduced])
        + boundary
        + pack_floats([s.reduced_tcp_mmps, s.reduced_joint_radps])
        + pack_floats(ranges)
        + bytes([s.fence, s.rebound])
        + bytes(4 + 1 + 1 + 1 + 6)
    )
    return _framed(body)


# kind by port: (frame builder, frames a wall second)
REPORTS: dict[int, tuple[Callable[[XArmController], bytes], float]] = {
    REPORT_NORMAL: (normal_report, 5.0),
    REPORT_RICH: (rich_report, 5.0),
    REPORT_REAL: (real_report, 100.0),
}
