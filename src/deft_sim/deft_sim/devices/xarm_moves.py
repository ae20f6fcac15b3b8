"""The motion registers of the emulated controller: from a request's parameters to a queued move or a servo goal."""

from collections.abc import Callable

import numpy as np

from deft_core.geometry import Array, rotation_angle
from deft_sim.devices import xarm_protocol as p
from deft_sim.devices.xarm_controller import (
    CART_VELOCITY,
    E_CIRCLE,
    JOINT_VELOCITY,
    ONLINE_CART,
    ONLINE_JOINT,
    POSITION,
    SERVO,
    XArmController,
)
from deft_sim.devices.xarm_motion import (
    CircleMove,
    JointMove,
    LineMove,
    Trapezoid,
    VelocityMove,
    Wait,
    axis_angle_to_transform,
    pose_to_transform,
    transform_to_axis_angle,
    transform_to_pose,
)
from deft_sim.devices.xarm_protocol import BadParameters, byte, floats

MoveHandler = Callable[[XArmController, bytes], bytes]
# A turn counts as way too: this many mm for each rad, so that a pure rotation takes its time.
_MM_PER_RAD = 200.0
_HOME: Array = np.zeros(6)


def _answer(arm: XArmController, check: int = 0) -> bytes:
    return arm.queued.to_bytes(2, "big") + bytes([check])


def _numbers(q: bytes, count: int) -> Array:
    values = np.array(floats(q, count))
    if np.isnan(values).any():
        raise BadParameters("not a number")
    return values


def _limits(speed: float, acceleration: float) -> tuple[float, float]:
    if not (speed > 0.0 and acceleration > 0.0):
        raise BadParameters(f"speed {speed}, acceleration {acceleration}")
    return speed, acceleration


def _takes(arm: XArmController, *modes: int) -> bool:
    return arm.can_move and arm.mode in modes


def _queue_joints(arm: XArmController, goal: Array, speed: float, acceleration: float, check: int) -> bytes:
    start = arm.planned
    goal = np.where(np.isinf(goal), start, goal)  # infinity: leave this joint where it is
    speed, acceleration = _limits(speed, acceleration)
    speed = min(speed, arm.settings.joint_speed_limit)
    acceleration = min(acceleration, arm.settings.joint_max_acceleration)
    if not check and _takes(arm, POSITION, ONLINE_JOINT):
        arm.enqueue(JointMove.between(start, goal, speed, acceleration), goal)
    return _answer(arm)


def _queue_line(arm: XArmController, T: Array, speed: float, acceleration: float, check: int) -> bytes:
    start = arm.planned
    T0 = arm.tcp(start)
    end = arm.solve(T, start)  # refuses what cannot be reached before it moves
    speed, acceleration = _limits(speed, acceleration)
    length = float(np.linalg.norm(T[:3, 3] - T0[:3, 3])) * 1e3
    turn = rotation_angle(T0[:3, :3].T @ T[:3, :3]) * _MM_PER_RAD
    speed = min(speed, arm.settings.tcp_speed_limit)
    acceleration = min(acceleration, arm.settings.tcp_max_acceleration)
    if not check and _takes(arm, POSITION, ONLINE_CART):
        profile = Trapezoid(max(length, turn), speed, acceleration)
        arm.enqueue(LineMove(T0, T, profile, arm.solve), end)
    return _answer(arm)


def _fill(pose: Array, present: Array) -> Array:
    return np.where(np.isinf(pose), present, pose)


def _line(arm: XArmController, q: bytes) -> bytes:
    count = 10 if len(q) >= 43 else 9
    values = _numbers(q, count)
    tail = q[4 * count :]
    # 10 floats: the common instruction (radius; coordinate system, axis-angle, check); 9: the old one (check)
    coordinates, angle_axis, check = (tail[0], tail[1], tail[2]) if count == 10 else (0, 0, tail[0] if tail else 0)
    return _line_to(arm, values[:6], values[6], values[7], tool=bool(coordinates), aa=bool(angle_axis), check=check)


def _line_to(
    arm: XArmController, pose: Array, speed: float, acceleration: float, *, tool: bool, aa: bool, check: int
) -> bytes:
    T_now = arm.tcp(arm.planned)
    to_transform, from_transform = (
        (axis_angle_to_transform, transform_to_axis_angle) if aa else (pose_to_transform, transform_to_pose)
    )
    if tool:
        T = T_now @ to_transform(np.where(np.isinf(pose), 0.0, pose))
    else:
        T = to_transform(_fill(pose, from_transform(T_now)))
    return _queue_line(arm, T, speed, acceleration, check)


def _line_blended(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 10)
    return _line_to(arm, values[:6], values[6], values[7], tool=False, aa=False, check=q[40] if len(q) > 40 else 0)


def _line_tool(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 9)
    return _line_to(arm, values[:6], values[6], values[7], tool=True, aa=False, check=q[36] if len(q) > 36 else 0)


def _line_aa(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 9)
    tool, relative = byte(q, 36), byte(q, 37)
    pose = values[:6]
    if relative and not tool:
        return _relative_line(arm, pose, values[6], values[7], aa=True, check=0)
    return _line_to(arm, pose, values[6], values[7], tool=bool(tool), aa=True, check=0)


def _relative_line(
    arm: XArmController, change: Array, speed: float, acceleration: float, *, aa: bool, check: int
) -> bytes:
    T_now = arm.tcp(arm.planned)
    if aa:
        D = axis_angle_to_transform(change)
        T = T_now.copy()
        T[:3, :3] = D[:3, :3] @ T_now[:3, :3]
        T[:3, 3] += D[:3, 3]
    else:
        T = pose_to_transform(transform_to_pose(T_now) + change)
    return _queue_line(arm, T, speed, acceleration, check)


def _circle(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 16)
    if not np.isfinite(values).all():
        raise BadParameters("not finite")
    tail = q[64:]
    tool, angle_axis, check = (tail[0], tail[1], tail[2]) if len(tail) >= 3 else (0, 0, tail[0] if tail else 0)
    to_transform = axis_angle_to_transform if angle_axis else pose_to_transform
    start = arm.tcp(arm.planned)
    base = start if tool else np.eye(4)
    through = ((base @ to_transform(values[:6]))[:3, 3], (base @ to_transform(values[6:12]))[:3, 3])
    speed, acceleration = _limits(values[12], values[13])
    limits = (min(speed, arm.settings.tcp_speed_limit), min(acceleration, arm.settings.tcp_max_acceleration))
    try:
        move = CircleMove.through(start, through, values[15] / 100.0, limits, arm.solve)
    except ValueError:
        arm.fault(E_CIRCLE)
        return _answer(arm)
    if not check and _takes(arm, POSITION):
        arm.enqueue(move, arm.solve(move.pose(1.0), arm.planned))
    return _answer(arm)


def _relative(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 11)
    joints, aa = byte(q, 44), byte(q, 45)
    check = q[46] if len(q) > 46 else 0
    change = np.where(np.isinf(values[:6]), 0.0, values[:6])
    if joints:
        return _queue_joints(arm, arm.planned + change, values[7], values[8], check)
    return _relative_line(arm, change, values[7], values[8], aa=bool(aa), check=check)


def _joint(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 10)
    return _queue_joints(arm, values[:6], values[7], values[8], q[40] if len(q) > 40 else 0)


def _home(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 3)
    return _queue_joints(arm, _HOME, values[0], values[1], q[12] if len(q) > 12 else 0)


def _sleep(arm: XArmController, q: bytes) -> bytes:
    duration = float(_numbers(q, 1)[0])
    if not 0.0 <= duration < 1e4:
        raise BadParameters(f"sleep of {duration} s")
    if _takes(arm, POSITION):
        arm.enqueue(Wait(duration), arm.planned)
    return _answer(arm)


def _servo_joints(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 10)
    if _takes(arm, SERVO):
        arm.servo(values[:6])
    return _answer(arm)


def _servo_cart(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 9)
    return _servo_pose(arm, pose_to_transform(values[:6]), tool=bool(values[8]))


def _servo_cart_aa(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 8)
    tool, relative = int.from_bytes(q[32:36], "little"), byte(q, 36)
    T = axis_angle_to_transform(values[:6])
    if relative and not tool:
        D, T = T, arm.tcp(arm.setpoint)
        T[:3, :3], T[:3, 3] = D[:3, :3] @ T[:3, :3], T[:3, 3] + D[:3, 3]
    return _servo_pose(arm, T, tool=bool(tool))


def _servo_pose(arm: XArmController, T: Array, *, tool: bool) -> bytes:
    if not np.isfinite(T).all():
        raise BadParameters("not finite")
    if _takes(arm, SERVO):
        now = arm.setpoint
        arm.servo(arm.solve(arm.tcp(now) @ T if tool else T, now))
    return _answer(arm)


def _duration(q: bytes, at: int) -> float:
    if len(q) < at + 4:
        return float("inf")
    seconds = floats(q, 1, at)[0]
    return seconds if seconds > 0.0 else float("inf")


def _joint_velocity(arm: XArmController, q: bytes) -> bytes:
    speeds = _numbers(q, 7)[:6]
    if not np.isfinite(speeds).all():
        raise BadParameters("not finite")
    if _takes(arm, JOINT_VELOCITY):
        arm.velocity(VelocityMove(speeds, False, _duration(q, 29)))
    return _answer(arm)


def _cart_velocity(arm: XArmController, q: bytes) -> bytes:
    values = _numbers(q, 6)
    if not np.isfinite(values).all():
        raise BadParameters("not finite")
    twist = np.concatenate([values[:3] * 1e-3, values[3:]])
    if byte(q, 24):
        R = arm.tcp(arm.setpoint)[:3, :3]
        twist = np.concatenate([R @ twist[:3], R @ twist[3:]])
    if _takes(arm, CART_VELOCITY):
        arm.velocity(VelocityMove(twist, True, _duration(q, 25)))
    return _answer(arm)


MOVES: dict[int, MoveHandler] = {
    p.MOVE_LINE: _line,
    p.MOVE_LINEB: _line_blended,
    p.MOVE_LINE_TOOL: _line_tool,
    p.MOVE_LINE_AA: _line_aa,
    p.MOVE_RELATIVE: _relative,
    p.MOVE_CIRCLE: _circle,
    p.MOVE_JOINT: _joint,
    p.MOVE_JOINTB: _joint,
    p.MOVE_HOME: _home,
    p.SLEEP: _sleep,
    p.SERVO_J: _servo_joints,
    p.SERVO_CART: _servo_cart,
    p.SERVO_CART_AA: _servo_cart_aa,
    p.JOINT_VELOCITY: _joint_velocity,
    p.CART_VELOCITY: _cart_velocity,
}
