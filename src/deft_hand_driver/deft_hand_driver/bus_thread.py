"""The thread that owns the hand's bus and does everything on it.

It reads the motors' state at a fixed rate of the host's clock, slowly when idle and at the control rate during a
motion, and sends goals through the gate. A motion lives in robot time; when the host is late the motion waits, it
never jumps.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from deft_core.errors import GateRefused
from deft_core.gate import Gate
from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_core.workcell import WorkcellConfig
from deft_driver.faults import CanceledFault, DeviceFault, DriverFault, RefusedFault, StaleFault, StoppedFault
from deft_hand_driver import registers as reg
from deft_hand_driver.bus import HandBus, MotorState
from deft_hand_driver.held_motors import HeldMotors
from deft_hand_driver.recovery import hold
from deft_hand_driver.shaping import ShapeMotion

Progress = Callable[[float, Array], None]
Canceled = Callable[[], bool]
_IDLE_HZ = 25.0
_CATCH_UP = 2.0
# Motors are told to turn this much faster than the motion needs, so that they are always there by the next command.
_PACE = 1.1


@dataclass
class _Active:
    """A motion under way and how it ended."""

    motion: ShapeMotion
    on_progress: Progress
    canceled: Canceled
    t: float = 0.0
    fault: DriverFault | None = None


class BusThread:
    """Reads and moves the motors. All of it may be called from any thread.

    Args:
        cell: control rate, time scale and greatest age of a state.
        hand: map between joints and motors.
        bus: connected before `start`.
        gate: every goal passes it.
        on_state: called on the thread with every state read.
        watchdog: bus watchdog register (units of 20 ms), 0 for off.
    """

    def __init__(
        self,
        cell: WorkcellConfig,
        hand: HandModel,
        bus: HandBus,
        gate: Gate,
        on_state: Callable[[MotorState], None] | None,
        watchdog: int,
    ) -> None:
        self._cell, self._hand, self._bus, self._gate = cell, hand, bus, gate
        self._on_state = on_state
        self._held = HeldMotors(bus, watchdog, cell.time_scale)
        self._lock = threading.Lock()  # held by who speaks on the bus
        self._wake = threading.Condition()
        self._active: _Active | None = None
        self._halt_wanted = False
        self._quit = False
        self._state: MotorState | None = None
        self._last: Array = np.zeros(16)
        self._thread = threading.Thread(target=self._run, name="hand-bus", daemon=True)

    # -- for the driver --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the motors once, and go on reading them."""
        self._state = self._bus.state()
        self._thread.start()

    def end(self, limp: bool) -> None:
        """Obey what was asked for last, stop reading, and let motors that hold go limp."""
        with self._wake:
            self._quit = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        with self._lock:
            if self._halt_wanted:  # the thread ended before it saw it
                with contextlib.suppress(DriverFault):
                    self._obey_halt()
            if limp:
                self._held.let_go()
            self._bus.close()

    @property
    def busy(self) -> bool:
        """Whether a motion is under way."""
        return self._active is not None

    @property
    def state(self) -> MotorState:
        """The motors' latest state."""
        if self._state is None:
            raise DeviceFault("the hand has not told its state yet")
        return self._state

    @property
    def joints(self) -> Array:
        """Joint angles (16,) that the motors' angles stand for, rad."""
        return self._hand.joints_from_motors(self.state.position_rad)

    def recover(self) -> tuple[int, ...]:
        """Recover the motors, hold, and open the gate; returns the ids that had to be rebooted.

        Raises:
            DeviceFault, GateRefused: it did not work, or a halt came meanwhile; the gate is closed then.
        """
        with self._wake:  # before it waits for its turn on the bus: a stop that comes while it does holds
            self._gate.close("the last enable did not finish")
            prepared = self._gate.closings
        with self._lock:
            rebooted = self._held.recover(self._hand.motors)
            self._state = self._bus.state()
            self._last = self._hand.clip(self.joints)
            with self._wake:
                self._gate.open(self._last, prepared)
                self._halt_wanted = False
        return rebooted

    def halt(self, reason: str) -> None:
        """Close the gate, hold at once, and end a motion under way."""
        with self._wake:
            self._halt_wanted = True  # before the gate is closed: a motion that meets it knows that it was meant
            self._gate.close(reason)
            self._wake.notify_all()

    def carry_out(self, plan: Callable[[Array], ShapeMotion], on_progress: Progress, canceled: Canceled) -> None:
        """Carry out the motion that is planned from the last posture commanded (16,); blocks until it has ended.

        Raises:
            DriverFault: how it ended instead; the hand holds where it is then.
        """
        with self._wake:
            if self._active is not None:
                raise RefusedFault("the hand is busy with another motion")
            if self._gate.closed_by:
                raise StoppedFault(self._gate.closed_by)
            mine = _Active(plan(self._last), on_progress, canceled)
            self._active = mine
            self._wake.notify_all()
            self._wake.wait_for(lambda: self._active is not mine)
        if mine.fault is not None:
            raise mine.fault

    # -- on the thread ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        last = time.monotonic()
        while not self._quit:
            active = self._active
            rate = self._cell.hand.control_hz if active is not None else _IDLE_HZ
            began = time.monotonic()
            with self._lock:
                try:
                    if self._halt_wanted:  # before anything that may fail
                        self._obey_halt()
                    self._read()
                    if active is not None and active is self._active:
                        self._advance(active, min(began - last, _CATCH_UP / rate))
                except DriverFault as fault:
                    self._fail(fault)
                except Exception as error:
                    self._fail(DeviceFault(f"hand driver: {error}"))
            last = began
            self._pause(began + 1.0 / rate - time.monotonic(), active)
        if self._active is not None:  # nobody is left to finish it
            self._finish(self._active, StoppedFault(self._gate.closed_by or "shut down"))

    def _pause(self, seconds: float, active: _Active | None) -> None:
        """Wait for the next period; a halt, an end or a new motion cuts it short."""
        with self._wake:
            if seconds > 0.0 and not self._quit:
                self._wake.wait_for(
                    lambda: self._quit or self._halt_wanted or self._active is not active, timeout=seconds
                )

    def _read(self) -> None:
        gap = time.monotonic() - self.state.monotonic_s
        try:
            self._state = self._bus.state(once=True)
        except DeviceFault:
            if self._bus.gone:
                raise
            # One lost exchange is nothing; the gate's freshness decides how many are too many.
            if gap > self._cell.hand.max_command_age_s and self._active is not None:
                raise StaleFault(f"the hand has not told its state for {gap:.2f} s; enable again") from None
            return
        if self._on_state is not None:
            self._on_state(self._state)
        self._held.look_after(gap)

    def _advance(self, active: _Active, elapsed_s: float) -> None:
        if active.canceled():
            self._finish(active, CanceledFault("canceled by the client"))
            return
        if active.t == 0.0:
            self._held.make_sure()
            self._set_pace(active.motion)
        step = max(elapsed_s, 1e-4) * self._cell.time_scale
        t = min(active.t + step, active.motion.duration_s)
        made = time.monotonic()
        try:
            joints = self._gate.check(
                active.motion.at(t),
                dt_s=max(t - active.t, 1e-6),
                command_age_s=time.monotonic() - made,
                state_age_s=made - self.state.monotonic_s,
            )
        except GateRefused as error:
            kind = StoppedFault if self._halt_wanted else StaleFault if " s old" in str(error) else RefusedFault
            raise kind(f"{error}; enable again") from None
        self._bus.command(self._hand.motors_from_joints(joints))
        active.t, self._last = t, joints
        active.on_progress(t / active.motion.duration_s, self.joints)
        if t >= active.motion.duration_s:
            goal = self._hand.motors_from_joints(joints)
            self._bus.command(goal)  # a packet may be lost, and nobody acknowledges the one that counts
            if missed := self._bus.goals_not_taken(goal):
                raise StaleFault(f"motors {list(missed)} did not take their goals (was the bus silent?); enable again")
            self._held.make_sure()
            self._state = self._bus.state()
            self._finish(active, None)

    def _set_pace(self, motion: ShapeMotion) -> None:
        """Have each motor go from goal to goal at the motion's own speed: steady between commands however far apart."""
        way = np.abs(self._hand.motors_from_joints(motion.goal) - self._hand.motors_from_joints(motion.start))
        units = np.ceil(_PACE * way / motion.duration_s / reg.RADPS_PER_UNIT) + 1.0
        for _ in range(2):  # nobody acknowledges it
            self._bus.sync_write(reg.PROFILE_VELOCITY, units)

    def _obey_halt(self) -> None:
        self._halt_wanted = False
        try:
            if self._held.holding:
                self._last = self._hand.clip(self._hand.joints_from_motors(hold(self._bus)))
        finally:
            if self._active is not None:
                self._finish(self._active, StoppedFault(self._gate.closed_by))

    def _fail(self, fault: DriverFault) -> None:
        self._gate.close(str(fault))
        if self._active is not None:
            self._finish(self._active, fault)

    def _finish(self, active: _Active, fault: DriverFault | None) -> None:
        active.fault = fault
        with self._wake:
            self._active = None
            self._wake.notify_all()
