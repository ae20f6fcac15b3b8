"""The registers of the XL330/XC330 servos that the driver uses, and their units.

Source: ROBOTIS e-manual, https://emanual.robotis.com/docs/en/dxl/x/xl330-m288/ .
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Register:
    """Where a value lives and how many bytes it has."""

    address: int
    size: int


MODEL_INFORMATION = Register(2, 4)
OPERATING_MODE = Register(11, 1)
CURRENT_LIMIT = Register(38, 2)
SHUTDOWN = Register(63, 1)
TORQUE_ENABLE = Register(64, 1)
HARDWARE_ERROR = Register(70, 1)
BUS_WATCHDOG = Register(98, 1)
GOAL_CURRENT = Register(102, 2)
PROFILE_VELOCITY = Register(112, 4)
GOAL_POSITION = Register(116, 4)
PRESENT = Register(126, 10)  # current (2), velocity (4), position (4) in one block
TEMPERATURE = Register(146, 1)

CURRENT_BASED_POSITION = 5
# Shut down on overload, electrical shock, overheating and input voltage: the factory's setting, written all the same.
SHUTDOWN_ON = 0x35
OVERLOAD = 0x20
HARDWARE_ERRORS = {
    0x01: "input voltage",
    0x04: "overheating",
    0x08: "encoder",
    0x10: "electrical shock",
    0x20: "overload",
}

PULSES_PER_TURN = 4096
CENTRE_PULSE = 2048
RAD_PER_PULSE = 2.0 * np.pi / PULSES_PER_TURN
RADPS_PER_UNIT = 0.229 * 2.0 * np.pi / 60.0
WATCHDOG_UNIT_S = 0.02
WATCHDOG_MOST = 127
RUN_OUT = 0xFF  # what the watchdog's register reads (-1) once it has stopped the motor

# The model numbers that have this table, and the greatest current limit (mA) each takes.
MODELS = {1190: 1750, 1200: 1750, 1210: 2352, 1220: 2352, 1230: 2352, 1240: 2352}
# Emulated servos give this for their model information; see deft_sim.devices.
TWIN_INFORMATION = int.from_bytes(b"TWIN", "little")


def error_names(bits: int) -> str:
    """The hardware errors that a status byte names."""
    return ", ".join(name for bit, name in HARDWARE_ERRORS.items() if bits & bit) or f"unknown ({bits:#04x})"
