"""Bring the motors from whatever state they are in to holding still in current-based position mode, and know it."""

import numpy as np

from deft_core.geometry import Array
from deft_core.hand import Motors
from deft_driver.faults import DeviceFault
from deft_hand_driver import registers as reg
from deft_hand_driver.bus import HandBus


def recover(bus: HandBus, motors: Motors, watchdog: int) -> tuple[int, ...]:
    """Reboot motors that have shut down, set every motor up, and let it hold where it stands. Moves nothing.

    Args:
        bus: the hand's.
        motors: current limits.
        watchdog: bus watchdog register (units of 20 ms), 0 for off.

    Returns:
        The ids that had to be rebooted.

    Raises:
        DeviceFault: a motor's error does not go away; says which and what.
    """
    errors = bus.hardware_errors()
    rebooted = tuple(motor for motor, bits in zip(bus.ids, errors, strict=True) if bits)
    for motor in rebooted:
        bus.reboot(motor)
    still = bus.hardware_errors()
    if any(still):
        raise DeviceFault(f"{bus.describe_errors(still)}; remove the cause (heat, supply), then enable again")
    limits = np.minimum(motors.current_limit_a, bus.most_a)
    for i, motor in enumerate(bus.ids):
        set_up(bus, motor, float(limits[i]), min(motors.goal_current_a, float(limits[i])))
    hold(bus)
    for motor in bus.ids:
        bus.write(motor, reg.TORQUE_ENABLE, 1)
        bus.write(motor, reg.BUS_WATCHDOG, watchdog)
    expect_all_hold(bus)
    return rebooted


def expect_all_hold(bus: HandBus) -> None:
    """Raise `DeviceFault` if a motor is limp."""
    if limp := bus.limp():
        raise DeviceFault(f"motors {list(limp)} do not hold; check their power, then enable again")


def set_up(bus: HandBus, motor: int, limit_a: float, goal_a: float) -> None:
    """Write mode and limits of one motor; EEPROM takes them only with torque off."""
    bus.write(motor, reg.BUS_WATCHDOG, 0)
    if bus.read(motor, reg.OPERATING_MODE) != reg.CURRENT_BASED_POSITION or _needs(bus, motor, limit_a):
        bus.write(motor, reg.TORQUE_ENABLE, 0)
        bus.write(motor, reg.OPERATING_MODE, reg.CURRENT_BASED_POSITION)
        bus.write(motor, reg.CURRENT_LIMIT, round(limit_a * 1e3))
        bus.write(motor, reg.SHUTDOWN, reg.SHUTDOWN_ON)
    bus.write(motor, reg.PROFILE_VELOCITY, 0)
    bus.write(motor, reg.GOAL_CURRENT, round(goal_a * 1e3))


def _needs(bus: HandBus, motor: int, limit_a: float) -> bool:
    """Whether the EEPROM differs; it wears with every write."""
    word = bus.read(motor, reg.Register(reg.CURRENT_LIMIT.address, 4)) & 0xFFFF
    return word != round(limit_a * 1e3) or bus.read(motor, reg.SHUTDOWN) != reg.SHUTDOWN_ON


def hold(bus: HandBus) -> Array:
    """Make every motor's goal the place where it is; return the places (n,), rad."""
    position = bus.state().position_rad
    for _ in range(2):  # nobody acknowledges it
        bus.command(position)
    return position
