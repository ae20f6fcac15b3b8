"""The motion side of the servos on a bus: what their registers make the motors do, all motors at once.

Set-points move in robot time: position goals along their profile, velocity goals by integration. Goals in pulses become
shaft angles for the plant, its state becomes the present values.
"""

import numpy as np
from numpy.typing import NDArray

from deft_sim.devices.dynamixel_table import CENTRE_PULSE, PULSES_PER_TURN, VELOCITY_UNIT_RPM
from deft_sim.devices.plant import Array, HandPlant, HandState

RAD_PER_PULSE = 2.0 * np.pi / PULSES_PER_TURN
RADPS_PER_UNIT = VELOCITY_UNIT_RPM * 2.0 * np.pi / 60.0
MODE_CURRENT, MODE_VELOCITY, MODE_POSITION, MODE_EXTENDED, MODE_CURRENT_POSITION, MODE_PWM = 0, 1, 3, 4, 5, 16
MODES = (MODE_CURRENT, MODE_VELOCITY, MODE_POSITION, MODE_EXTENDED, MODE_CURRENT_POSITION, MODE_PWM)
_FAR_RAD = 20.0 * np.pi  # a goal out of reach, for the modes that only push


class Motors:
    """Set-points of n motors and their overload memory.

    A motor is overloaded when its current stays above `overload_fraction` of what the servo can give at most for
    `overload_s` robot seconds; the e-manual gives neither number, so both are parameters.
    """

    def __init__(self, plant: HandPlant, most_a: Array, *, overload_fraction: float, overload_s: float) -> None:
        state = plant.hand_state()
        n = len(state.position_rad)
        self.plant = plant
        self.time_s = state.time_s
        self.setpoint_rad: Array = state.position_rad.copy()
        self.goal_rad: Array = state.position_rad.copy()
        self.speed_radps: Array = np.full(n, np.inf)
        self.limit_a: Array = most_a.copy()
        self.torque_on: NDArray[np.bool_] = np.zeros(n, dtype=bool)
        self.temperature_c: Array = np.full(n, 32.0)
        self._strain_s: Array = np.zeros(n)
        self._overload_a = overload_fraction * most_a
        self._overload_s = overload_s
        self._changed = True

    def set_goal(self, i: int, goal_rad: float, speed_radps: float, limit_a: float) -> None:
        """Send one motor to an angle at a speed (inf: at once) with a greatest current."""
        self.goal_rad[i], self.speed_radps[i], self.limit_a[i] = goal_rad, speed_radps, limit_a
        self._changed = True

    def set_torque(self, i: int, on: bool) -> None:
        """Let one motor hold or go limp; it starts to hold from where it stands."""
        if on and not self.torque_on[i]:
            self.setpoint_rad[i] = self.plant.hand_state().position_rad[i]
        self.torque_on[i] = on
        self._strain_s[i] = 0.0
        self._changed = True

    def halt(self) -> None:
        """Hold every motor where its set-point is."""
        self.goal_rad[:] = self.setpoint_rad
        self._changed = True

    def tick(self) -> NDArray[np.intp]:
        """Move on to the plant's time; return the motors that have just become overloaded."""
        state = self.plant.hand_state()
        dt = max(0.0, state.time_s - self.time_s)
        self.time_s = state.time_s
        away = self.goal_rad - self.setpoint_rad
        if self._changed or away.any():
            step = self.speed_radps * dt if dt else np.zeros_like(away)
            self.setpoint_rad = self.setpoint_rad + np.clip(away, -step, step)
            self.plant.command_hand(self.setpoint_rad.copy(), self.limit_a.copy(), self.torque_on.copy())
            self._changed = False
        strained = self.torque_on & (np.abs(state.current_a) >= self._overload_a)
        if not strained.any() and not self._strain_s.any():
            return np.empty(0, dtype=np.intp)
        self._strain_s = np.where(strained, self._strain_s + dt, np.maximum(0.0, self._strain_s - dt))
        tripped = self._strain_s >= self._overload_s
        self._strain_s[tripped] = 0.0
        return np.flatnonzero(tripped)


def goal_of_push(state: HandState, i: int, amount: float) -> float:
    """Shaft angle that a motor in a pushing mode (current, PWM) is sent to: out of reach on the side it pushes to."""
    return float(state.position_rad[i]) if amount == 0 else float(state.position_rad[i] + np.copysign(_FAR_RAD, amount))


def pulses_to_rad(pulses: float, homing_offset: int, reverse: bool) -> float:
    """Shaft angle of a position register."""
    angle = (pulses - homing_offset - CENTRE_PULSE) * RAD_PER_PULSE
    return -angle if reverse else angle


def rad_to_pulses(angle: float, homing_offset: int, reverse: bool) -> int:
    """Position register of a shaft angle."""
    return round((-angle if reverse else angle) / RAD_PER_PULSE) + CENTRE_PULSE + homing_offset
