"""Dynamixel Protocol 2.0 on the wire: CRC, byte stuffing, packets out of a stream of bytes.

Source: ROBOTIS e-manual, https://emanual.robotis.com/docs/en/dxl/protocol2/ . A packet is

    FF FF FD 00 | id | length (2, little-endian) | instruction | parameters ... | CRC (2, little-endian)

where `length` counts instruction, parameters and CRC, and every FF FF FD after it is followed by a stuffed FD, so that
the header occurs nowhere else.
"""

from dataclasses import dataclass

HEADER = b"\xff\xff\xfd\x00"
BROADCAST = 0xFE
MAX_ID = 0xFC
MAX_LENGTH = 1024

PING, READ, WRITE, REG_WRITE, ACTION = 0x01, 0x02, 0x03, 0x04, 0x05
FACTORY_RESET, REBOOT, CLEAR, STATUS = 0x06, 0x08, 0x10, 0x55
SYNC_READ, SYNC_WRITE, FAST_SYNC_READ = 0x82, 0x83, 0x8A
BULK_READ, BULK_WRITE, FAST_BULK_READ = 0x92, 0x93, 0x9A

OK, RESULT_FAIL, BAD_INSTRUCTION, BAD_CRC, DATA_RANGE, DATA_LENGTH, DATA_LIMIT, ACCESS = range(8)
ALERT = 0x80


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        crc = value << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x8005) if crc & 0x8000 else crc << 1
        table.append(crc & 0xFFFF)
    return tuple(table)


_TABLE = _crc_table()


def crc16(data: bytes | bytearray, crc: int = 0) -> int:
    """CRC-16 of the protocol (polynomial 0x8005, no reflection, initial value 0)."""
    table = _TABLE
    for byte in data:
        crc = ((crc << 8) & 0xFF00) ^ table[(crc >> 8) ^ byte]
    return crc


def stuff(body: bytes) -> bytes:
    """Add the stuffing bytes to instruction and parameters."""
    return body.replace(b"\xff\xff\xfd", b"\xff\xff\xfd\xfd")


def unstuff(body: bytes) -> bytes:
    """Take the stuffing bytes out of instruction and parameters."""
    return body.replace(b"\xff\xff\xfd\xfd", b"\xff\xff\xfd")


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet, unstuffed. `crc_ok` is false for one that arrived damaged; its content is then not to be trusted."""

    id: int
    instruction: int
    parameters: bytes
    crc_ok: bool = True


def encode(packet_id: int, instruction: int, parameters: bytes = b"") -> bytes:
    """Build the bytes of a packet."""
    body = stuff(bytes([instruction]) + parameters)
    head = HEADER + bytes([packet_id]) + (len(body) + 2).to_bytes(2, "little") + body
    return head + crc16(head).to_bytes(2, "little")


def encode_status(packet_id: int, error: int, parameters: bytes = b"") -> bytes:
    """Build the bytes of a status packet."""
    return encode(packet_id, STATUS, bytes([error]) + parameters)


class PacketParser:
    """Finds packets in whatever bytes arrive: split, joined, cut short or wrong."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        """Take bytes in and return the packets they complete."""
        self._buffer += data
        packets = []
        while (packet := self._next()) is not None:
            packets.append(packet)
        return packets

    def _next(self) -> Packet | None:
        buffer = self._buffer
        while True:
            start = buffer.find(HEADER)
            if start < 0:
                del buffer[: max(0, len(buffer) - len(HEADER) + 1)]
                return None
            del buffer[:start]
            if len(buffer) < 7:
                return None
            length = buffer[5] | buffer[6] << 8
            total = 7 + length
            if not 3 <= length <= MAX_LENGTH:
                del buffer[: len(HEADER)]
                continue
            # The header never occurs inside a packet, so one that does begins a new packet and this one was cut short.
            # (One that ends with the packet may be body and CRC that happen to look like it: the CRC decides.)
            again = buffer.find(HEADER, len(HEADER), total - 1)
            if again > 0:
                del buffer[:again]
                continue
            if len(buffer) < total:
                return None
            raw = bytes(buffer[:total])
            good = crc16(raw[:-2]) == int.from_bytes(raw[-2:], "little")
            del buffer[: total if good else len(HEADER)]  # a damaged length must not swallow the packet after
            body = unstuff(raw[7:-2])
            return Packet(raw[4], body[0], body[1:], good)
