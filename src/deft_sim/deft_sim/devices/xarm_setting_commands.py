"""The registers of the emulated controller that read and write its settings."""

from collections.abc import Callable

import numpy as np

from deft_sim.devices import xarm_protocol as p
from deft_sim.devices.plant import Array
from deft_sim.devices.xarm_controller import XArmController
from deft_sim.devices.xarm_motion import JOINT_LOWER, JOINT_UPPER
from deft_sim.devices.xarm_protocol import BadParameters, byte, floats, pack_floats

Handler = Callable[[XArmController, bytes], bytes]


def _reduced_state(arm: XArmController, q: bytes) -> bytes:
    s = arm.settings
    ranges = np.vstack([s.joint_ranges, [[0.0, 0.0]]]).ravel()
    return (
        bytes([s.reduced])
        + b"".join(int(v).to_bytes(2, "big", signed=True) for v in s.boundary_mm)
        + pack_floats([s.reduced_tcp_mmps, s.reduced_joint_radps])
        + pack_floats(ranges)
        + bytes([s.fence, s.rebound])
    )


def _set_reduced(arm: XArmController, q: bytes) -> bytes:
    arm.settings.reduced = bool(byte(q))
    arm.settings.latch_limits()
    return b""


def _set_fence(arm: XArmController, q: bytes) -> bytes:
    arm.settings.fence = bool(byte(q))
    arm.settings.latch_limits()
    return b""


def _set_boundary(arm: XArmController, q: bytes) -> bytes:
    if len(q) < 24:
        raise BadParameters("boundary needs six integers")
    arm.settings.boundary_mm = tuple(
        max(-32768, min(32767, int.from_bytes(q[4 * i : 4 * i + 4], "little", signed=True))) for i in range(6)
    )
    return b""


def _set_ranges(arm: XArmController, q: bytes) -> bytes:
    ranges = np.array(floats(q, 14)).reshape(7, 2)[:6]
    if not np.isfinite(ranges).all() or (ranges[:, 0] > ranges[:, 1]).any():
        raise BadParameters("joint ranges")
    arm.settings.joint_ranges = np.clip(ranges, JOINT_LOWER[:, None], JOINT_UPPER[:, None])
    return b""


def _sensitivity(arm: XArmController, q: bytes) -> bytes:
    if not 0 <= byte(q) <= 5:
        raise BadParameters(f"sensitivity {q[0]}")
    arm.settings.collision_sensitivity = q[0]
    arm.reset_state()
    return b""


def _teach_sensitivity(arm: XArmController, q: bytes) -> bytes:
    if not 1 <= byte(q) <= 5:
        raise BadParameters(f"sensitivity {q[0]}")
    arm.settings.teach_sensitivity = q[0]
    return b""


def _pose_setting(name: str) -> Handler:
    def handler(arm: XArmController, q: bytes) -> bytes:
        setattr(arm.settings, name, finite(q, 6))
        arm.reset_state()
        return b""

    return handler


def _load(arm: XArmController, q: bytes) -> bytes:
    mass, x, y, z = (float(v) for v in finite(q, 4))
    arm.settings.load = (mass, x, y, z)
    return b"\0\0"


def _gravity(arm: XArmController, q: bytes) -> bytes:
    x, y, z = (float(v) for v in finite(q, 3))
    arm.settings.gravity = (x, y, z)
    arm.reset_state()
    return b""


def _number(name: str, low: float, high: float) -> Handler:
    def handler(arm: XArmController, q: bytes) -> bytes:
        value = float(finite(q, 1)[0])
        if not low <= value <= high:
            raise BadParameters(f"{name} {value}")
        setattr(arm.settings, name, value)
        return b""

    return handler


def _flag(name: str) -> Handler:
    def handler(arm: XArmController, q: bytes) -> bytes:
        setattr(arm.settings, name, byte(q))
        return b""

    return handler


def _counter(step: int) -> Handler:
    def handler(arm: XArmController, q: bytes) -> bytes:
        arm.settings.counter = arm.settings.counter + step if step else 0
        return b""

    return handler


def finite(q: bytes, count: int) -> Array:
    """Read floats that must be numbers; raises `BadParameters`."""
    values = np.array(floats(q, count))
    if not np.isfinite(values).all():
        raise BadParameters("not finite")
    return values


SETTINGS: dict[int, Handler] = {
    p.SET_TCP_JERK: _number("tcp_jerk", 0.1, 1e6),
    p.SET_TCP_ACC: _number("tcp_max_acceleration", 1.0, 5e4),
    p.SET_JOINT_JERK: _number("joint_jerk", 0.01, 1e4),
    p.SET_JOINT_ACC: _number("joint_max_acceleration", 0.01, 20.0),
    p.SET_TCP_OFFSET: _pose_setting("tcp_offset"),
    p.SET_LOAD: _load,
    p.SET_COLLISION_SENSITIVITY: _sensitivity,
    p.SET_TEACH_SENSITIVITY: _teach_sensitivity,
    p.CLEAN_CONFIG: lambda arm, q: b"",
    p.SAVE_CONFIG: lambda arm, q: b"",
    p.SET_REDUCED_TCP_SPEED: _number("reduced_tcp_mmps", 0.0, 1000.0),
    p.SET_REDUCED_JOINT_SPEED: _number("reduced_joint_radps", 0.0, 3.1416),
    p.GET_REDUCED_MODE: lambda arm, q: bytes([arm.settings.reduced]),
    p.SET_REDUCED_MODE: _set_reduced,
    p.SET_GRAVITY: _gravity,
    p.SET_BOUNDARY: _set_boundary,
    p.GET_REDUCED_STATE: _reduced_state,
    p.SET_REDUCED_RANGE: _set_ranges,
    p.SET_FENCE: _set_fence,
    p.SET_REBOUND: _flag("rebound"),
    p.SET_APPROX_MOTION: _flag("approximate"),
    p.SET_REPORT_TAU: _flag("report_current"),
    p.GET_REPORT_TAU: lambda arm, q: bytes([arm.settings.report_current]),
    p.SET_WORLD_OFFSET: _pose_setting("world_offset"),
    p.COUNTER_RESET: _counter(0),
    p.COUNTER_PLUS: _counter(1),
    p.SET_SELF_COLLISION: _flag("self_collision"),
    p.SET_COLLISION_TOOL: _flag("tool_model"),
    p.SET_SIMULATION: _flag("simulated"),
    p.SET_CART_CONTINUOUS: _flag("cartesian_continuous"),
}
