"""The xArm controller's private Modbus-like protocol over TCP: frames in, frames out.

Source: the vendor's xarm-python-sdk 1.18.4, `xarm/core/wrapper/uxbus_cmd_tcp.py`. A request is

    transaction (2) | protocol (2) | length (2) | register (1) | parameters ...

all big-endian, `length` counting from the register on; floats in parameters are little-endian. A reply repeats
transaction, protocol and register and puts one status byte before its data. Protocol 2 and 3 are the private one, 0 is
standard Modbus TCP, 1 is the SDK's heartbeat.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

STANDARD, HEARTBEAT, PRIVATE = 0, 1, (2, 3)
MAX_LENGTH = 1024

# bits of the status byte
INVALID, NOT_READY, HAS_WARNING, HAS_ERROR = 0x08, 0x10, 0x20, 0x40

GET_VERSION, GET_SERIAL, CHECK_VERIFY, RELOAD_DYNAMICS, GET_REPORT_TAU = 1, 2, 3, 4, 5
SYSTEM_CONTROL, MOTION_ENABLE, SET_STATE, GET_STATE, GET_CMDNUM, GET_ERROR, CLEAN_ERROR = 10, 11, 12, 13, 14, 15, 16
CLEAN_WARNING, SET_BRAKE, SET_MODE = 17, 18, 19
MOVE_LINE, MOVE_LINEB, MOVE_JOINT, MOVE_JOINTB, MOVE_HOME, SLEEP, MOVE_CIRCLE = 21, 22, 23, 24, 25, 26, 27
MOVE_LINE_TOOL, SERVO_J, SERVO_CART = 28, 29, 30
SET_TCP_JERK, SET_TCP_ACC, SET_JOINT_JERK, SET_JOINT_ACC, SET_TCP_OFFSET, SET_LOAD = 31, 32, 33, 34, 35, 36
SET_COLLISION_SENSITIVITY, SET_TEACH_SENSITIVITY, CLEAN_CONFIG, SAVE_CONFIG = 37, 38, 39, 40
GET_TCP_POSE, GET_JOINTS, GET_IK, GET_FK, IS_JOINT_LIMIT, IS_TCP_LIMIT = 41, 42, 43, 44, 45, 46
SET_REDUCED_TCP_SPEED, SET_REDUCED_JOINT_SPEED, GET_REDUCED_MODE, SET_REDUCED_MODE = 47, 48, 49, 50
SET_GRAVITY, SET_BOUNDARY, GET_REDUCED_STATE, GET_JOINT_TORQUE = 51, 52, 53, 55
SET_REDUCED_RANGE, SET_FENCE, SET_REBOUND, SET_APPROX_MOTION = 58, 59, 60, 66
SET_REPORT_TAU, SET_WORLD_OFFSET, COUNTER_RESET, COUNTER_PLUS = 70, 73, 74, 75
SET_SELF_COLLISION, SET_COLLISION_TOOL, SET_SIMULATION, SET_CART_CONTINUOUS = 77, 78, 79, 80
JOINT_VELOCITY, CART_VELOCITY, MOVE_RELATIVE = 81, 82, 83
GET_TCP_POSE_AA, MOVE_LINE_AA, SERVO_CART_AA = 91, 92, 93
SERVO_ERRORS, GET_HARDWARE_TYPES = 106, 141


class BadFrame(ValueError):
    """Bytes that no client of this protocol sends; the connection they came on is not to be trusted further."""


class BadParameters(ValueError):
    """A known register with parameters that do not fit it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    transaction: int
    protocol: int
    register: int
    parameters: bytes

    def reply(self, status: int, data: bytes = b"") -> bytes:
        """Build the bytes of the answer."""
        head = struct.pack(">HHHBB", self.transaction, self.protocol, len(data) + 2, self.register, status)
        return head + data

    def modbus_exception(self, code: int) -> bytes:
        """Build standard Modbus TCP's answer to a function it does not offer."""
        function = self.parameters[0] if self.parameters else 0
        return struct.pack(">HHHBBB", self.transaction, STANDARD, 3, self.register, function | 0x80, code)


class FrameParser:
    """Cuts a stream of bytes into requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Request]:
        """Take bytes in and return the requests they complete; raises `BadFrame`."""
        self._buffer += data
        requests = []
        while len(self._buffer) >= 6:
            transaction, protocol, length = struct.unpack_from(">HHH", self._buffer)
            if protocol not in (STANDARD, HEARTBEAT, *PRIVATE) or not 1 <= length <= MAX_LENGTH:
                raise BadFrame(f"protocol {protocol}, length {length}")
            if len(self._buffer) < 6 + length:
                break
            body = bytes(self._buffer[6 : 6 + length])
            del self._buffer[: 6 + length]
            requests.append(Request(transaction, protocol, body[0], body[1:]))
        return requests


def floats(parameters: bytes, count: int, at: int = 0) -> list[float]:
    """Read `count` little-endian floats; raises `BadParameters`."""
    if len(parameters) < at + 4 * count:
        raise BadParameters(f"{len(parameters)} bytes of parameters, expected {count} floats at {at}")
    return list(struct.unpack_from(f"<{count}f", parameters, at))


def byte(parameters: bytes, at: int = 0) -> int:
    """Read one byte; raises `BadParameters`."""
    if len(parameters) <= at:
        raise BadParameters(f"{len(parameters)} bytes of parameters, expected one at {at}")
    return parameters[at]


def pack_floats(values: ArrayLike) -> bytes:
    """Little-endian floats."""
    return np.asarray(values, dtype="<f4").tobytes()


def pack_joints(values: Sequence[float] | np.ndarray) -> bytes:
    """Six joint values as the protocol's seven floats."""
    return struct.pack("<7f", *values, 0.0)
