"""A half-duplex bus of emulated servos: takes instruction packets, gives status packets.

What is modelled: ping, read, write, registered write and action, reboot, factory reset, clear, sync and bulk read and
write and their fast kinds, broadcast, secondary ids, indirect addressing, status return level, return delay, hardware
errors and shutdown, overload, bus watchdog. Times are the plant's: a servo of a twin that lives twenty times faster
also gives up on a silent bus twenty times sooner.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Self

import numpy as np

from deft_sim.devices import dynamixel_protocol as dxl
from deft_sim.devices.dynamixel_motors import Motors
from deft_sim.devices.dynamixel_protocol import Packet, crc16, encode_status
from deft_sim.devices.dynamixel_servo import ERROR_HEAT, ERROR_OVERLOAD, Servo
from deft_sim.devices.dynamixel_table import BAUD_RATES, MODELS
from deft_sim.devices.plant import HandPlant, HandState

_GROUP = (dxl.SYNC_READ, dxl.FAST_SYNC_READ, dxl.SYNC_WRITE, dxl.BULK_READ, dxl.FAST_BULK_READ, dxl.BULK_WRITE)


class Reply(NamedTuple):
    """A status packet and how long the servo waits before it sends it, seconds."""

    data: bytes
    delay_s: float

    @classmethod
    def of(cls, servo: Servo, error: int, data: bytes = b"") -> Self:
        """Build a servo's answer."""
        return cls(encode_status(servo.id, error | servo.alert, data), servo.return_delay_s)


class DynamixelBus:
    """Servos on one wire, over a plant's motors in the order of `ids`.

    Args:
        plant: the motors.
        ids: bus id of each motor.
        model: a name of `dynamixel_table.MODELS`.
        baud_rate: what the servos are set to; a client at another rate is not heard.
        overload_fraction, overload_s: see `dynamixel_motors.Motors`.
    """

    def __init__(
        self,
        plant: HandPlant,
        ids: Sequence[int],
        *,
        model: str = "xc330-m288",
        baud_rate: int = 4_000_000,
        overload_fraction: float = 0.8,
        overload_s: float = 1.0,
    ) -> None:
        n = len(plant.hand_state().position_rad)
        if len(ids) != n or len(set(ids)) != n or not all(0 <= i <= dxl.MAX_ID for i in ids):
            raise ValueError(f"ids {list(ids)}: expected {n} different numbers in 0..{dxl.MAX_ID}")
        if baud_rate not in BAUD_RATES:
            raise ValueError(f"baud rate {baud_rate}: expected one of {BAUD_RATES}")
        if model not in MODELS:
            raise ValueError(f"unknown servo {model!r}; known: {', '.join(MODELS)}")
        most_a = np.full(n, MODELS[model].current_limit * 1e-3)
        self._lock = threading.RLock()
        self._motors = Motors(plant, most_a, overload_fraction=overload_fraction, overload_s=overload_s)
        baud = BAUD_RATES.index(baud_rate)
        self.servos = [Servo(model, servo_id, baud, i, self._motors) for i, servo_id in enumerate(ids)]
        self._plant = plant

    # -- the plant's side ---------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Move set-points on to the plant's time; called by the plant's owner once a control period."""
        with self._lock:
            for i in self._motors.tick():
                self.servos[i].raise_error(ERROR_OVERLOAD)
            for servo in self.servos:
                if servo.table.memory[98]:
                    servo.check_watchdog()

    def inject_error(self, servo_id: int, bits: int = ERROR_OVERLOAD) -> None:
        """Latch hardware errors in a servo."""
        with self._lock:
            self._servo(servo_id).raise_error(bits)

    def inject_heat(self, servo_id: int, temperature_c: float) -> None:
        """Heat a servo's motor; above its limit it reports overheating and shuts down."""
        with self._lock:
            servo = self._servo(servo_id)
            self._motors.temperature_c[servo.index] = temperature_c
            if temperature_c > servo.table["temperature_limit"]:
                servo.raise_error(ERROR_HEAT)

    def _servo(self, servo_id: int) -> Servo:
        for servo in self.servos:
            if servo.id == servo_id:
                return servo
        raise ValueError(f"no servo {servo_id} on this bus; ids: {[s.id for s in self.servos]}")

    # -- the wire's side ----------------------------------------------------------------------------------------

    def handle(self, packet: Packet, baud_rate: int | None = None) -> list[Reply]:
        """Answer one packet with the status packets the servos send, in their order."""
        with self._lock:
            heard = [s for s in self.servos if baud_rate is None or BAUD_RATES[s.table["baud_rate"]] == baud_rate]
            if not packet.crc_ok:
                return [Reply.of(s, dxl.BAD_CRC) for s in heard if s.id == packet.id]
            for servo in heard:
                servo.heard()
            state = self._plant.hand_state()
            if packet.instruction in _GROUP:
                return self._handle_group(packet, heard, state)
            replies = []
            for servo in heard:
                shadow = servo.table["secondary_id"] == packet.id != servo.id and packet.id <= dxl.MAX_ID
                if not shadow and packet.id not in (servo.id, dxl.BROADCAST):
                    continue
                sent_by = servo.id  # the id it had when asked, not one it was given by this very packet
                error, data, answered = self._handle_one(servo, packet, state)
                level = servo.table["status_return_level"]
                quiet = shadow or (packet.id == dxl.BROADCAST and packet.instruction != dxl.PING)
                if answered <= level and not quiet:
                    replies.append(Reply(encode_status(sent_by, error | servo.alert, data), servo.return_delay_s))
            return replies

    def _handle_one(self, servo: Servo, packet: Packet, state: HandState) -> tuple[int, bytes, int]:
        """Carry out a packet at one servo: (error, data, status return level from which it is answered)."""
        p = packet.parameters
        match packet.instruction:
            case dxl.PING:
                number, firmware = servo.model.number, servo.table["firmware_version"]
                return dxl.OK, number.to_bytes(2, "little") + bytes([firmware]), 0
            case dxl.READ:
                if len(p) != 4:
                    return dxl.DATA_LENGTH, b"", 1
                return *servo.read(_word(p, 0), _word(p, 2), state), 1
            case dxl.WRITE | dxl.REG_WRITE:
                if len(p) < 3:
                    return dxl.DATA_LENGTH, b"", 2
                write = servo.write if packet.instruction == dxl.WRITE else servo.register
                return write(_word(p, 0), p[2:]), b"", 2
            case dxl.ACTION:
                servo.act()
                return dxl.OK, b"", 2
            case dxl.REBOOT:
                servo.reboot()
                return dxl.OK, b"", 2
            case dxl.FACTORY_RESET:
                return (servo.factory_reset(p[0]) if len(p) == 1 else dxl.DATA_LENGTH), b"", 2
            case dxl.CLEAR:
                good = p == bytes([0x01, 0x44, 0x58, 0x4C, 0x22])
                return (servo.clear_turns() if good else dxl.DATA_RANGE), b"", 2
        return dxl.BAD_INSTRUCTION, b"", 2

    def _handle_group(self, packet: Packet, heard: Iterable[Servo], state: HandState) -> list[Reply]:
        if packet.id != dxl.BROADCAST:
            return []
        by_id = {servo.id: servo for servo in heard}
        p, kind = packet.parameters, packet.instruction
        if kind == dxl.SYNC_WRITE:
            for servo_id, address, data in _sync_writes(p):
                if servo_id in by_id:
                    by_id[servo_id].write(address, data)
            return []
        if kind == dxl.BULK_WRITE:
            for servo_id, address, data in _bulk_writes(p):
                if servo_id in by_id:
                    by_id[servo_id].write(address, data)
            return []
        wanted = list(_sync_reads(p) if kind in (dxl.SYNC_READ, dxl.FAST_SYNC_READ) else _bulk_reads(p))
        answers = []
        for servo_id, address, length in wanted:
            servo = by_id.get(servo_id)
            if servo is None or servo.table["status_return_level"] < 1:
                break  # each servo waits for the one before it: a silent one silences those after
            error, data = servo.read(address, length, state)
            answers.append((servo, error, data))
        if kind in (dxl.SYNC_READ, dxl.BULK_READ):
            return [Reply.of(*answer) for answer in answers]
        return [_fast_status(answers)] if answers and len(answers) == len(wanted) else []


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _sync_reads(p: bytes) -> Iterator[tuple[int, int, int]]:
    for servo_id in p[4:]:
        yield servo_id, _word(p, 0), _word(p, 2)


def _sync_writes(p: bytes) -> Iterator[tuple[int, int, bytes]]:
    address, length = _word(p, 0), _word(p, 2)
    for at in range(4, len(p) - length, length + 1):
        yield p[at], address, p[at + 1 : at + 1 + length]


def _bulk_reads(p: bytes) -> Iterator[tuple[int, int, int]]:
    for at in range(0, len(p) - 4, 5):
        yield p[at], _word(p, at + 1), _word(p, at + 3)


def _bulk_writes(p: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 5 <= len(p):
        length = _word(p, at + 3)
        if at + 5 + length <= len(p):
            yield p[at], _word(p, at + 1), p[at + 5 : at + 5 + length]
        at += 5 + length


def _fast_status(answers: list[tuple[Servo, int, bytes]]) -> Reply:
    """One packet; each servo's part (error, id, data) ends with the CRC of all before it, and nothing is stuffed."""
    length = 1 + sum(len(data) + 4 for _, _, data in answers)
    out = bytearray(dxl.HEADER + bytes([dxl.BROADCAST]) + length.to_bytes(2, "little") + bytes([dxl.STATUS]))
    for servo, error, data in answers:
        out += bytes([error | servo.alert, servo.id]) + data
        out += crc16(out).to_bytes(2, "little")
    return Reply(bytes(out), answers[0][0].return_delay_s)
