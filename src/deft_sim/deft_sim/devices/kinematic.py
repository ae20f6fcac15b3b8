"""Plants without physics, for tests and for trying a driver out: joints that go where they are told, at once."""

import threading

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deft_sim.devices.plant import ArmState, Array, HandState


class KinematicArm:
    """An arm that stands where it was last told to; contacts are what a test says they are."""

    def __init__(self, q: ArrayLike = (0.0, -0.5, -0.8, 0.0, 1.3, 0.0)) -> None:
        self._lock = threading.Lock()
        self._q: Array = np.asarray(q, dtype=float).copy()
        self._qd: Array = np.zeros(6)
        self._target: Array = self._q.copy()
        self._external: Array = np.zeros(6)
        self._time_s = 0.0

    def arm_state(self) -> ArmState:
        """Return the latest state."""
        with self._lock:
            return ArmState(self._time_s, self._q.copy(), self._qd.copy(), np.zeros(6), self._external.copy())

    def command_arm(self, q: Array) -> None:
        """Set the joint targets (6,), rad."""
        with self._lock:
            self._target = np.asarray(q, dtype=float).copy()

    def push(self, external_nm: ArrayLike) -> None:
        """Let contacts put torques (6,), N m, on the joints from now on."""
        with self._lock:
            self._external = np.asarray(external_nm, dtype=float).copy()

    def step(self, dt_s: float) -> None:
        """Let robot time pass."""
        with self._lock:
            self._qd = (self._target - self._q) / dt_s
            self._q = self._target.copy()
            self._time_s += dt_s


class KinematicHand:
    """Motors that reach their goals with a time constant, stop at obstacles and then press with all they may."""

    def __init__(self, n: int = 12, *, time_constant_s: float = 0.03, friction_a: float = 0.02) -> None:
        self._lock = threading.Lock()
        self._position: Array = np.zeros(n)
        self._velocity: Array = np.zeros(n)
        self._current: Array = np.zeros(n)
        self._goal: Array = np.zeros(n)
        self._limit: Array = np.zeros(n)
        self._on: NDArray[np.bool_] = np.zeros(n, dtype=bool)
        self._wall: Array = np.full(n, np.inf)
        self._tau, self._friction_a = time_constant_s, friction_a
        self._time_s = 0.0

    def hand_state(self) -> HandState:
        """Return the latest state."""
        with self._lock:
            return HandState(self._time_s, self._position.copy(), self._velocity.copy(), self._current.copy())

    def command_hand(self, goal_rad: Array, current_limit_a: Array, torque_on: NDArray[np.bool_]) -> None:
        """Set goals, greatest currents and which motors hold."""
        with self._lock:
            self._goal, self._limit, self._on = goal_rad.copy(), current_limit_a.copy(), torque_on.copy()

    def block(self, motor: int, at_rad: float) -> None:
        """Put something in a motor's way."""
        with self._lock:
            self._wall[motor] = at_rad

    def step(self, dt_s: float) -> None:
        """Let robot time pass."""
        with self._lock:
            share = 1.0 - np.exp(-dt_s / self._tau)
            before = self._position
            wanted = np.where(self._on, before + share * (self._goal - before), before)
            self._position = np.minimum(wanted, self._wall)
            self._velocity = (self._position - before) / dt_s
            pressing = self._on & (self._goal > self._wall) & (self._position >= self._wall)
            moving = self._on & (np.abs(self._velocity) > 1e-3)
            small = np.minimum(self._friction_a, self._limit) * np.sign(self._velocity)
            self._current = np.where(pressing, self._limit, np.where(moving, small, 0.0))
            self._time_s += dt_s
