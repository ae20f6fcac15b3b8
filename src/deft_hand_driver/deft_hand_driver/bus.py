"""The hand's bus through the vendor's dynamixel_sdk: the only file that speaks pulses, milliamperes and result codes.

SDK calls made, beside those of `line`: Protocol2PacketHandler.ping, reboot, read1ByteTxRx, read4ByteTxRx,
write1ByteTxRx, write2ByteTxRx, write4ByteTxRx, getTxRxResult, getRxPacketError; GroupSyncRead.addParam, txRxPacket;
GroupSyncWrite.addParam, txPacket.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dynamixel_sdk as sdk
import numpy as np
from numpy.typing import ArrayLike, NDArray

from deft_core.geometry import Array
from deft_driver.faults import DeviceFault
from deft_hand_driver import registers as reg
from deft_hand_driver.line import SerialLine
from deft_hand_driver.packets import StrictPacketHandler
from deft_hand_driver.registers import Register

# What is read and written at set-up and recovery is tried for at least this long: an answer matters more than haste.
PATIENCE_S = 0.5


@dataclass(frozen=True)
class MotorState:
    """Shaft angles (n,) rad, speeds (n,) rad/s, currents (n,) A, and the host time they were read."""

    position_rad: Array
    velocity_radps: Array
    current_a: Array
    monotonic_s: float


class HandBus:
    """Servos with the given ids on one serial port. Not thread-safe: one thread at a time.

    Shaft angles are zero at pulse 2048; a motor mounted otherwise gets its homing offset and drive mode written once,
    with the vendor's tool.
    """

    def __init__(
        self, port: str, baud: int, ids: Sequence[int], names: Sequence[str], patience_s: float = PATIENCE_S
    ) -> None:
        self.port, self.baud, self.ids, self.names = port, baud, tuple(ids), tuple(names)
        self.patience_s = patience_s
        self.lost_reads = 0
        self.most_a = np.zeros(len(self.ids))
        self._packets = StrictPacketHandler()
        self._line = SerialLine(port, baud)

    # -- connection ------------------------------------------------------------------------------------------------

    def connect(self, deadline_s: float, alive: Callable[[], bool] = lambda: True) -> None:
        """Open the port and find every motor.

        A twin may still be coming up: it is tried again until the deadline, while `alive()`.

        Raises:
            DeviceFault: names port and motors and what to check.
        """
        end = time.monotonic() + deadline_s
        pause = threading.Event()
        while reason := self._try_to_connect():
            if time.monotonic() > end or not alive():
                raise DeviceFault(
                    f"cannot reach the hand on {self.port} at {self.baud} baud within {deadline_s:.0f} s ({reason}); "
                    "check its power, its cable, and hand.port and hand.baud in the workcell file"
                )
            pause.wait(0.1)

    def _try_to_connect(self) -> str:
        if reason := self._line.open():
            return reason
        reason = self._look_for_motors()
        if reason:
            self._line.close()
        return reason

    def _look_for_motors(self) -> str:
        missing = []
        for i, (motor, name) in enumerate(zip(self.ids, self.names, strict=True)):
            with self._line.lend() as port:
                number, result, _ = self._packets.ping(port, motor)
            if result != sdk.COMM_SUCCESS:
                missing.append(f"{motor} ({name})")
            elif number not in reg.MODELS:
                return f"motor {motor} ({name}) is model {number}, not an XL330 or XC330"
            else:
                self.most_a[i] = reg.MODELS[number] * 1e-3
        return f"no answer from motor {', '.join(missing)}" if missing else ""

    def close(self) -> None:
        """Let go of the port."""
        self._line.close()

    @property
    def gone(self) -> str:
        """Why the port cannot be used any more; empty while it can."""
        return self._line.gone

    @property
    def is_twin(self) -> bool:
        """Whether the motors themselves say that they are emulated ones."""
        return all(self.read(motor, reg.MODEL_INFORMATION) == reg.TWIN_INFORMATION for motor in self.ids)

    # -- single registers --------------------------------------------------------------------------------------------

    def read(self, motor: int, register: Register) -> int:
        """Read a register of one motor; raises `DeviceFault` if it does not answer within the bus's patience."""
        call = self._packets.read1ByteTxRx if register.size == 1 else self._packets.read4ByteTxRx
        result = sdk.COMM_SUCCESS
        end = time.monotonic() + self.patience_s
        while time.monotonic() < end:
            value = 0
            with self._line.lend() as port:
                try:
                    value, result, _ = call(port, motor, register.address)
                except IndexError:  # the SDK took a late answer to a shorter question for this one's
                    result = sdk.COMM_RX_CORRUPT
            self._line.late = result != sdk.COMM_SUCCESS
            if not self._line.late:
                return int(value)
        raise self._no_answer(motor, f"reading register {register.address}", result)

    def write(self, motor: int, register: Register, value: int) -> None:
        """Write a register of one motor; raises `DeviceFault` if it is refused, or not answered with patience."""
        call = {
            1: self._packets.write1ByteTxRx,
            2: self._packets.write2ByteTxRx,
            4: self._packets.write4ByteTxRx,
        }[register.size]
        result = sdk.COMM_SUCCESS
        end = time.monotonic() + self.patience_s
        while time.monotonic() < end:
            with self._line.lend() as port:
                result, error = call(port, motor, register.address, value & 0xFFFFFFFF)
            self._line.late = result != sdk.COMM_SUCCESS
            if not self._line.late:
                refused = error & 0x7F
                if refused:
                    why = self._packets.getRxPacketError(refused)
                    raise DeviceFault(f"{self._who(motor)} refused {value} for register {register.address}: {why}")
                return
        raise self._no_answer(motor, f"writing register {register.address}", result)

    def reboot(self, motor: int) -> None:
        """Restart one motor and wait until it answers; raises `DeviceFault` if it does not."""
        with self._line.lend() as port:
            self._packets.reboot(port, motor)
        end = time.monotonic() + 2.0
        while True:
            with self._line.lend() as port:
                _, result, _ = self._packets.ping(port, motor)
            if result == sdk.COMM_SUCCESS:
                return
            if time.monotonic() > end:
                raise self._no_answer(motor, "rebooting", result)

    # -- all motors ----------------------------------------------------------------------------------------------------

    def sync_read(self, register: Register, *, once: bool = False) -> list[bytes]:
        """Read a stretch of every motor in one exchange; raises `DeviceFault` when patience is over, or after one."""
        result = sdk.COMM_SUCCESS
        end = time.monotonic() + (0.0 if once else self.patience_s)
        first = True
        while first or time.monotonic() < end:
            first = False
            with self._line.lend() as port:
                group = sdk.GroupSyncRead(port, self._packets, register.address, register.size)
                for motor in self.ids:
                    group.addParam(motor)
                result = group.txRxPacket()
            if result == sdk.COMM_SUCCESS:
                blocks = [bytes(group.data_dict[motor]) for motor in self.ids]
                if all(len(block) == register.size for block in blocks):
                    return blocks
                result = sdk.COMM_RX_CORRUPT
            self._line.late = True
            self.lost_reads += 1
        raise DeviceFault(f"the hand on {self.port} does not answer: {self._packets.getTxRxResult(result)}")

    def sync_write(self, register: Register, values: ArrayLike) -> None:
        """Write one value to every motor in one packet; nobody answers it."""
        with self._line.lend() as port:
            group = sdk.GroupSyncWrite(port, self._packets, register.address, register.size)
            for motor, value in zip(self.ids, np.asarray(values), strict=True):
                group.addParam(motor, list(int(value).to_bytes(register.size, "little", signed=True)))
            result = group.txPacket()
        if result != sdk.COMM_SUCCESS:
            raise DeviceFault(f"writing to the hand on {self.port}: {self._packets.getTxRxResult(result)}")

    def state(self, *, once: bool = False) -> MotorState:
        """Read where the motors are, one exchange for all; with patience, or once."""
        blocks = b"".join(self.sync_read(reg.PRESENT, once=once))
        raw = np.frombuffer(blocks, dtype=np.dtype([("current", "<i2"), ("velocity", "<i4"), ("position", "<i4")]))
        return MotorState(
            (raw["position"].astype(float) - reg.CENTRE_PULSE) * reg.RAD_PER_PULSE,
            raw["velocity"] * reg.RADPS_PER_UNIT,
            raw["current"] * 1e-3,
            time.monotonic(),
        )

    def command(self, position_rad: Array) -> None:
        """Send goals (n,), rad, to all motors in one packet."""
        self.sync_write(reg.GOAL_POSITION, _pulses(position_rad))

    def goals_not_taken(self, position_rad: Array) -> tuple[int, ...]:
        """Read the goals back: ids of the motors that have another than these (n,), rad. Nobody acknowledges them."""
        blocks = self.sync_read(reg.GOAL_POSITION)
        goals = [int.from_bytes(block, "little", signed=True) for block in blocks]
        return tuple(i for i, has, asked in zip(self.ids, goals, _pulses(position_rad), strict=True) if has != asked)

    def watchdogs_run_out(self) -> tuple[int, ...]:
        """Ids of the motors whose bus watchdog has run out: they take no goal until it is set again."""
        return tuple(
            i for i, (state,) in zip(self.ids, self.sync_read(reg.BUS_WATCHDOG), strict=True) if state == reg.RUN_OUT
        )

    def limp(self) -> tuple[int, ...]:
        """Ids of the motors that do not hold: never enabled, shut down, or restarted by a dip of their supply."""
        return tuple(i for i, (on,) in zip(self.ids, self.sync_read(reg.TORQUE_ENABLE), strict=True) if not on)

    def hardware_errors(self) -> list[int]:
        """Each motor's latched hardware errors, 0 for none; read twice before they are believed."""
        errors = [block[0] for block in self.sync_read(reg.HARDWARE_ERROR)]
        if any(errors):
            self._line.late = True  # what else may be on its way is thrown away first
            errors = [block[0] for block in self.sync_read(reg.HARDWARE_ERROR)]
        return errors

    def temperatures_c(self) -> list[int]:
        """Each motor's temperature."""
        return [block[0] for block in self.sync_read(reg.TEMPERATURE)]

    def describe_errors(self, errors: Sequence[int]) -> str:
        """Say which motors report what."""
        return "; ".join(
            f"{self._who(motor)} reports {reg.error_names(bits)}"
            for motor, bits in zip(self.ids, errors, strict=True)
            if bits
        )

    def _who(self, motor: int) -> str:
        return f"motor {motor} ({self.names[self.ids.index(motor)]})"

    def _no_answer(self, motor: int, doing: str, result: int) -> DeviceFault:
        return DeviceFault(f"{self._who(motor)} on {self.port}, {doing}: {self._packets.getTxRxResult(result)}")


def _pulses(position_rad: Array) -> NDArray[np.int_]:
    return np.rint(position_rad / reg.RAD_PER_PULSE).astype(int) + reg.CENTRE_PULSE
