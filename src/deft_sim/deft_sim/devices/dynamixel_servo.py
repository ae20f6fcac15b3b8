"""One emulated servo: its registers and what writing them does."""

from dataclasses import dataclass

import numpy as np

from deft_sim.devices import dynamixel_motors as motors_
from deft_sim.devices.dynamixel_motors import RADPS_PER_UNIT, Motors, goal_of_push, pulses_to_rad, rad_to_pulses
from deft_sim.devices.dynamixel_protocol import ACCESS, ALERT, DATA_LENGTH, DATA_LIMIT, DATA_RANGE, OK
from deft_sim.devices.dynamixel_table import INDIRECT_ADDRESS, MODELS, ControlTable, Item
from deft_sim.devices.plant import HandState

ERROR_VOLTAGE, ERROR_HEAT, ERROR_ENCODER, ERROR_SHOCK, ERROR_OVERLOAD = 0x01, 0x04, 0x08, 0x10, 0x20
_PRESENT = range(120, 148)
_GOALS = ("goal_pwm", "goal_current", "goal_velocity", "goal_position")
_LIMITS = {"goal_current": "current_limit", "goal_pwm": "pwm_limit", "goal_velocity": "velocity_limit"}
_FIRED = 0xFF  # the watchdog register reads -1 once it has run out


@dataclass(slots=True)
class _Registered:
    address: int
    data: bytes


class Servo:
    """A servo with a place on the bus (`id`) and a motor in the plant (`index`)."""

    def __init__(self, model: str, servo_id: int, baud: int, index: int, motors: Motors) -> None:
        if model not in MODELS:
            raise ValueError(f"unknown servo {model!r}; known: {', '.join(MODELS)}")
        self.model = MODELS[model]
        self.table = ControlTable(self.model)
        self.index = index
        self._motors = motors
        self._registered: _Registered | None = None
        self._watch_from_s = motors.time_s
        self.table["id"], self.table["baud_rate"] = servo_id, baud
        self.table["return_delay_time"] = 0
        self._wake()

    def _wake(self) -> None:
        """Do what a servo does at power-on: torque off, goal where it stands."""
        table = self.table
        self._motors.set_torque(self.index, False)
        self._registered = None
        table["goal_current"] = table["current_limit"]
        table["goal_pwm"] = table["pwm_limit"]
        self._refresh(self._motors.plant.hand_state())
        table["goal_position"] = table["present_position"]

    @property
    def id(self) -> int:
        """Its number on the bus."""
        return self.table["id"]

    @property
    def return_delay_s(self) -> float:
        """How long it waits before it answers, in seconds of the wire."""
        return 2e-6 * self.table["return_delay_time"]

    @property
    def alert(self) -> int:
        """The bit every status packet carries while a hardware error stands."""
        return ALERT if self.table["hardware_error_status"] else 0

    @property
    def _reverse(self) -> bool:
        return bool(self.table["drive_mode"] & 1)

    def read(self, address: int, length: int, state: HandState) -> tuple[int, bytes]:
        """Read a stretch; return (error, bytes)."""
        if (address < _PRESENT.stop and address + length > _PRESENT.start) or address + length > INDIRECT_ADDRESS:
            self._refresh(state)
        data = self.table.read(address, length)
        return (DATA_LENGTH, b"") if data is None else (OK, data)

    def write(self, address: int, data: bytes) -> int:
        """Write a stretch; return the error."""
        error, changes = self.table.decode_write(address, data)
        if error:
            return error
        for item, value in changes:
            error = self._refusal(item, value)
            if error:
                return error
        for item, value in changes:
            self.table.store(item, value)
            self._after(item.name, value)
        if any(item.name in _GOALS or item.name.startswith("profile") for item, _ in changes):
            self._apply_goal()
        return OK

    def register(self, address: int, data: bytes) -> int:
        """Keep a write for the next Action instruction."""
        error, changes = self.table.decode_write(address, data)
        error = error or next((e for item, v in changes if (e := self._refusal(item, v))), OK)
        if not error:
            self._registered = _Registered(address, bytes(data))
            self.table["registered_instruction"] = 1
        return error

    def act(self) -> None:
        """Carry out the registered write."""
        kept, self._registered = self._registered, None
        self.table["registered_instruction"] = 0
        if kept is not None:
            self.write(kept.address, kept.data)

    def reboot(self) -> None:
        """Lose the RAM, keep the EEPROM; a hardware error is gone unless its cause stays."""
        self.table.reset(ram_only=True)
        self._wake()
        if self._motors.temperature_c[self.index] > self.table["temperature_limit"]:
            self.raise_error(ERROR_HEAT)

    def factory_reset(self, option: int) -> int:
        """Return to the factory's values: 0xFF all, 0x01 all but the id, 0x02 all but id and baud rate."""
        if option not in (0xFF, 0x01, 0x02):
            return DATA_RANGE
        servo_id, baud = self.id, self.table["baud_rate"]
        self.table.reset()
        if option != 0xFF:
            self.table["id"] = servo_id
        if option == 0x02:
            self.table["baud_rate"] = baud
        self._wake()
        return OK

    def clear_turns(self) -> int:
        """Forget whole turns. The plant's shafts have none to forget; torque must be off, as on the real one."""
        return ACCESS if self.table["torque_enable"] else OK

    def raise_error(self, bits: int) -> None:
        """Latch hardware errors; those that the shutdown register names take the torque away."""
        self.table["hardware_error_status"] |= bits
        if self.table["hardware_error_status"] & self.table["shutdown"]:
            self.table["torque_enable"] = 0
            self._motors.set_torque(self.index, False)

    def heard(self) -> None:
        """Restart the bus watchdog: an instruction came by."""
        self._watch_from_s = self._motors.time_s

    def check_watchdog(self) -> None:
        """Stop the motor if the bus has been silent for too long, in robot time."""
        value = self.table.memory[98]
        if value and value != _FIRED and self._motors.time_s - self._watch_from_s > 0.02 * value:
            self.table.memory[98] = _FIRED
            i = self.index
            self._motors.set_goal(i, float(self._motors.setpoint_rad[i]), np.inf, float(self._motors.limit_a[i]))

    def _refusal(self, item: Item, value: int) -> int:
        """Why a write that the table allows is refused all the same."""
        table = self.table
        if item.name == "operating_mode" and value not in motors_.MODES:
            return DATA_RANGE
        if item.name not in _GOALS:
            return OK
        if table.memory[98] == _FIRED:
            return DATA_RANGE
        if item.name == "goal_position" and table["operating_mode"] == motors_.MODE_POSITION:
            return OK if table["min_position_limit"] <= value <= table["max_position_limit"] else DATA_LIMIT
        limit = _LIMITS.get(item.name)
        return DATA_LIMIT if limit is not None and abs(value) > table[limit] else OK

    def _after(self, name: str, value: int) -> None:
        table = self.table
        if name == "torque_enable":
            if value and table["hardware_error_status"] & table["shutdown"]:
                table["torque_enable"] = value = 0
            self._motors.set_torque(self.index, bool(value))
            self._apply_goal()
        elif name == "operating_mode":
            table["goal_current"], table["goal_pwm"] = table["current_limit"], table["pwm_limit"]
            table["goal_velocity"] = 0
            self._refresh(self._motors.plant.hand_state())
            table["goal_position"] = table["present_position"]
        elif name == "bus_watchdog":
            self.heard()

    def _apply_goal(self) -> None:
        table, i = self.table, self.index
        mode, state = table["operating_mode"], self._motors.plant.hand_state()
        most = table["current_limit"] * 1e-3
        profile = table["profile_velocity"]
        speed = profile * RADPS_PER_UNIT if profile else np.inf
        sign = -1.0 if self._reverse else 1.0
        if mode in (motors_.MODE_POSITION, motors_.MODE_EXTENDED, motors_.MODE_CURRENT_POSITION):
            goal = pulses_to_rad(table["goal_position"], table["homing_offset"], self._reverse)
            limit = abs(table["goal_current"]) * 1e-3 if mode == motors_.MODE_CURRENT_POSITION else most
        elif mode == motors_.MODE_VELOCITY:
            wanted = sign * table["goal_velocity"]
            goal, speed, limit = goal_of_push(state, i, wanted), abs(wanted) * RADPS_PER_UNIT, most
        elif mode == motors_.MODE_CURRENT:
            goal, limit = goal_of_push(state, i, sign * table["goal_current"]), abs(table["goal_current"]) * 1e-3
        else:
            share = abs(table["goal_pwm"]) / max(1, table["pwm_limit"])
            goal, limit = goal_of_push(state, i, sign * table["goal_pwm"]), most * share
        self._motors.set_goal(i, goal, speed, min(limit, most))

    def _refresh(self, state: HandState) -> None:
        table, i, motors = self.table, self.index, self._motors
        sign = -1.0 if self._reverse else 1.0
        velocity = float(state.velocity_radps[i])
        table["realtime_tick"] = int(state.time_s * 1e3) % 32768
        table["present_current"] = int(np.clip(round(sign * float(state.current_a[i]) * 1e3), -32768, 32767))
        table["present_velocity"] = round(sign * velocity / RADPS_PER_UNIT)
        table["present_position"] = rad_to_pulses(float(state.position_rad[i]), table["homing_offset"], self._reverse)
        table["position_trajectory"] = rad_to_pulses(
            float(motors.setpoint_rad[i]), table["homing_offset"], self._reverse
        )
        moving = abs(velocity) / RADPS_PER_UNIT > table["moving_threshold"]
        table["moving"] = int(moving)
        table["moving_status"] = 0 if moving else 1
        table["present_temperature"] = int(motors.temperature_c[i])
