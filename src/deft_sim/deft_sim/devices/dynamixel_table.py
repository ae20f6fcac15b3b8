"""The control table of the XL330 and XC330 servos (and the X430 in so far as it is the same).

Source: ROBOTIS e-manual, https://emanual.robotis.com/docs/en/dxl/x/xl330-m288/ (XC330: the same table, other limits).
Addresses from 168 on hold indirect addresses, twenty on the 330 series, followed by the bytes they point to.
"""

from dataclasses import dataclass

from deft_sim.devices.dynamixel_protocol import ACCESS, DATA_LENGTH, DATA_RANGE, OK

SIZE = 256
RAM_START = 64
INDIRECT_ADDRESS = 168
PULSES_PER_TURN = 4096
CENTRE_PULSE = 2048
VELOCITY_UNIT_RPM = 0.229
# What an emulated servo gives for its model information, so that a driver can tell it from a real one.
TWIN_INFORMATION = int.from_bytes(b"TWIN", "little")
BAUD_RATES = (9600, 57600, 115200, 1_000_000, 2_000_000, 3_000_000, 4_000_000)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: where it is, how long, whether it may be written, its range and its value from the factory."""

    name: str
    address: int
    size: int
    writable: bool
    default: int = 0
    low: int = 0
    high: int = 0
    signed: bool = False

    @property
    def eeprom(self) -> bool:
        """Whether the value outlives power and can be written only with torque off."""
        return self.address < RAM_START


@dataclass(frozen=True, slots=True)
class Model:
    """What differs between the servos that share the table."""

    number: int
    current_limit: int
    velocity_limit: int
    indirect_count: int = 20

    @property
    def indirect_data(self) -> int:
        """Where the bytes begin that the indirect addresses before them point to."""
        return INDIRECT_ADDRESS + 2 * self.indirect_count


MODELS = {
    "xl330-m077": Model(1190, 1750, 1620),
    "xl330-m288": Model(1200, 1750, 445),
    "xc330-t181": Model(1210, 2352, 515),
    "xc330-t288": Model(1220, 2352, 326),
    "xc330-m181": Model(1230, 2352, 515),
    "xc330-m288": Model(1240, 2352, 326),
    # Beside the hand's own: the series that the vendor's examples are written for.
    "xm430-w350": Model(1020, 1193, 230, 28),
}
_TURNS = 1_048_575
_OFFSET = 1_044_479


def items_of(model: Model) -> tuple[Item, ...]:
    """The table's entries for one model."""
    current, velocity = model.current_limit, model.velocity_limit
    rows = [
        Item("model_number", 0, 2, False, model.number),
        Item("model_information", 2, 4, False, TWIN_INFORMATION),
        Item("firmware_version", 6, 1, False, 52),
        Item("id", 7, 1, True, 1, 0, 252),
        Item("baud_rate", 8, 1, True, 1, 0, 6),
        Item("return_delay_time", 9, 1, True, 250, 0, 254),
        Item("drive_mode", 10, 1, True, 0, 0, 13),
        Item("operating_mode", 11, 1, True, 3, 0, 16),
        Item("secondary_id", 12, 1, True, 255, 0, 255),
        Item("protocol_type", 13, 1, True, 2, 2, 22),
        Item("homing_offset", 20, 4, True, 0, -_OFFSET, _OFFSET, True),
        Item("moving_threshold", 24, 4, True, 10, 0, 1023),
        Item("temperature_limit", 31, 1, True, 70, 0, 100),
        Item("max_voltage_limit", 32, 2, True, 70, 31, 70),
        Item("min_voltage_limit", 34, 2, True, 35, 31, 70),
        Item("pwm_limit", 36, 2, True, 885, 0, 885),
        Item("current_limit", 38, 2, True, current, 0, current),
        Item("velocity_limit", 44, 4, True, velocity, 0, 2047),
        Item("max_position_limit", 48, 4, True, 4095, 0, 4095),
        Item("min_position_limit", 52, 4, True, 0, 0, 4095),
        Item("startup_configuration", 60, 1, True, 0, 0, 3),
        Item("pwm_slope", 62, 1, True, 140, 1, 255),
        Item("shutdown", 63, 1, True, 53, 0, 63),
        Item("torque_enable", 64, 1, True, 0, 0, 1),
        Item("led", 65, 1, True, 0, 0, 1),
        Item("status_return_level", 68, 1, True, 2, 0, 2),
        Item("registered_instruction", 69, 1, False),
        Item("hardware_error_status", 70, 1, False),
        Item("velocity_i_gain", 76, 2, True, 1600, 0, 16383),
        Item("velocity_p_gain", 78, 2, True, 180, 0, 16383),
        Item("position_d_gain", 80, 2, True, 0, 0, 16383),
        Item("position_i_gain", 82, 2, True, 0, 0, 16383),
        Item("position_p_gain", 84, 2, True, 400, 0, 16383),
        Item("feedforward_2nd_gain", 88, 2, True, 0, 0, 16383),
        Item("feedforward_1st_gain", 90, 2, True, 0, 0, 16383),
        Item("bus_watchdog", 98, 1, True, 0, 0, 127),
        Item("goal_pwm", 100, 2, True, 885, -885, 885, True),
        Item("goal_current", 102, 2, True, current, -current, current, True),
        Item("goal_velocity", 104, 4, True, velocity, -2047, 2047, True),
        Item("profile_acceleration", 108, 4, True, 0, 0, 32767),
        Item("profile_velocity", 112, 4, True, 0, 0, 32767),
        Item("goal_position", 116, 4, True, CENTRE_PULSE, -_TURNS, _TURNS, True),
        Item("realtime_tick", 120, 2, False),
        Item("moving", 122, 1, False),
        Item("moving_status", 123, 1, False),
        Item("present_pwm", 124, 2, False, signed=True),
        Item("present_current", 126, 2, False, signed=True),
        Item("present_velocity", 128, 4, False, signed=True),
        Item("present_position", 132, 4, False, CENTRE_PULSE, signed=True),
        Item("velocity_trajectory", 136, 4, False, signed=True),
        Item("position_trajectory", 140, 4, False, CENTRE_PULSE, signed=True),
        Item("present_input_voltage", 144, 2, False, 50),
        Item("present_temperature", 146, 1, False, 32),
        Item("backup_ready", 147, 1, False, 1),
    ]
    for i in range(model.indirect_count):
        address = INDIRECT_ADDRESS + 2 * i
        rows.append(Item(f"indirect_address_{i + 1}", address, 2, True, model.indirect_data + i, RAM_START, SIZE - 1))
    return tuple(rows)


class ControlTable:
    """The memory of one servo: values by name, bytes by address, and which writes are lawful."""

    def __init__(self, model: Model) -> None:
        self._data = range(model.indirect_data, model.indirect_data + model.indirect_count)
        self.items = {item.name: item for item in items_of(model)}
        self._starts = {item.address: item for item in self.items.values()}
        self.memory = bytearray(SIZE)
        self.reset()

    def reset(self, *, ram_only: bool = False) -> None:
        """Return to the factory's values; `ram_only` for what loses power in a reboot."""
        for item in self.items.values():
            if not (ram_only and item.eeprom):
                self[item.name] = item.default
        self.memory[self._data.start : self._data.stop] = bytes(len(self._data))

    def __getitem__(self, name: str) -> int:
        """Value of an entry."""
        item = self.items[name]
        return int.from_bytes(self.memory[item.address : item.address + item.size], "little", signed=item.signed)

    def __setitem__(self, name: str, value: int) -> None:
        """Set an entry from inside the servo: no checks of access or range."""
        item = self.items[name]
        self.memory[item.address : item.address + item.size] = value.to_bytes(item.size, "little", signed=item.signed)

    def _target(self, address: int) -> int:
        """Where an address leads: indirect data lead to what their indirect address names."""
        if address not in self._data:
            return address
        at = INDIRECT_ADDRESS + 2 * (address - self._data.start)
        leads = self.memory[at] | self.memory[at + 1] << 8
        return leads if RAM_START <= leads < INDIRECT_ADDRESS else address

    def read(self, address: int, length: int) -> bytes | None:
        """Bytes of a stretch, or None where the table ends."""
        if length < 1 or address + length > SIZE:
            return None
        if address + length <= self._data.start or address >= self._data.stop:
            return bytes(self.memory[address : address + length])
        return bytes(self.memory[self._target(a)] for a in range(address, address + length))

    def decode_write(self, address: int, data: bytes) -> tuple[int, list[tuple[Item, int]]]:
        """Check a write and return (error, what would change). Nothing is stored yet.

        A write covers whole entries; through indirect data it may reach several that are apart.
        """
        if not data or address + len(data) > SIZE:
            return DATA_LENGTH, []
        cells = {self._target(address + i): byte for i, byte in enumerate(data)}
        changes: list[tuple[Item, int]] = []
        places = sorted(cells)
        at = 0
        while at < len(places):
            start = places[at]
            if start in self._data:
                at += 1  # indirect data that point at themselves: plain memory
                changes.append((Item("indirect_data", start, 1, True, high=255), cells[start]))
                continue
            item = self._starts.get(start)
            if item is None or not item.writable:
                return ACCESS, []
            wanted = range(start, start + item.size)
            if any(place not in cells for place in wanted):
                return DATA_LENGTH, []
            if item.eeprom and self["torque_enable"]:
                return ACCESS, []
            value = int.from_bytes(bytes(cells[p] for p in wanted), "little", signed=item.signed)
            if not item.low <= value <= item.high:
                return DATA_RANGE, []
            changes.append((item, value))
            at += item.size
        return OK, changes

    def store(self, item: Item, value: int) -> None:
        """Write one checked change."""
        self.memory[item.address : item.address + item.size] = value.to_bytes(item.size, "little", signed=item.signed)
