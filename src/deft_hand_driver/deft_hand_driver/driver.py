"""The hand as the node sees it: enable, disable, shape. One thread owns the bus and does everything on it.

The thread reads the motors' state at a fixed rate of the host's clock, slowly when idle and at the control rate during
a motion, and sends goals through the gate. A motion lives in robot time; when the host is late the motion waits, it
never jumps.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deft_core.errors import GateRefused
from deft_core.gate import hand_gate
from deft_core.geometry import Array
from deft_core.grasp import FINGERS
from deft_core.hand import HandModel
from deft_core.workcell import WorkcellConfig
from deft_hand_driver import registers as reg
from deft_hand_driver.bus import HandBus, MotorState
from deft_hand_driver.errors import (
    CanceledFault,
    DeviceFault,
    HandFault,
    OverloadFault,
    RefusedFault,
    StaleFault,
    StoppedFault,
)
from deft_hand_driver.recovery import hold, recover
from deft_hand_driver.shaping import ShapeMotion, plan_shape

Progress = Callable[[float, Array], None]
Canceled = Callable[[], bool]
_IDLE_HZ = 25.0
_CATCH_UP = 2.0
# Motors are told to turn this much faster than the motion needs, so that they are always there by the next command.
_PACE = 1.1
# Hardware errors are asked for this often (host seconds): they do not show in the state block.
_ERRORS_EVERY_S = 0.2


def motor_names(hand: HandModel) -> tuple[str, ...]:
    """Names of the twelve motors in the order of their ids."""
    return tuple(f"{finger}_{kind}" for finger in hand.fingers or FINGERS for kind in ("side", "forward", "curl"))


def watchdog_units(seconds: float, time_scale: float) -> int:
    """Register value (units of 20 ms) for a bus watchdog of host seconds; 0 where it would run out too soon.

    The servos count robot time, in a register of seven bits: on a fast twin it cannot cover what a host may be late.
    """
    units = round(seconds * time_scale / reg.WATCHDOG_UNIT_S)
    most = min(units, reg.WATCHDOG_MOST)
    return most if most * reg.WATCHDOG_UNIT_S / time_scale >= 0.25 else 0


@dataclass
class _Active:
    """A motion under way and how it ended."""

    motion: ShapeMotion
    on_progress: Progress
    canceled: Canceled
    t: float = 0.0
    fault: HandFault | None = None


class HandDriver:
    """Drives one hand. `shape` blocks its caller; `disable` may come from any thread and is obeyed within a period."""

    def __init__(
        self,
        cell: WorkcellConfig,
        hand: HandModel,
        bus: HandBus,
        *,
        on_state: Callable[[MotorState], None] | None = None,
        watchdog_s: float = 0.5,
        limp_on_close: bool = True,
    ) -> None:
        self.cell, self.hand, self.bus = cell, hand, bus
        self._gate = hand_gate(cell, hand)
        self._on_state = on_state
        self._watchdog = watchdog_units(watchdog_s, cell.time_scale)
        self._limp_on_close = limp_on_close
        self._bus_lock = threading.Lock()
        self._wake = threading.Condition()
        self._active: _Active | None = None
        self._halt_wanted = False
        self._quit = False
        self._state: MotorState | None = None
        self._errors_at = 0.0
        self._last: Array = np.zeros(16)
        self._holding = False
        self.failure = ""  # why the bus thread gave up, if it did
        self._thread = threading.Thread(target=self._run, name="hand-bus", daemon=True)

    # -- life ------------------------------------------------------------------------------------------------------

    def connect(self, deadline_s: float, alive: Callable[[], bool] = lambda: True) -> None:
        """Find the motors and start reading them.

        Raises:
            DeviceFault: a motor does not answer, or real ones are to live on a twin's time.
        """
        self.bus.connect(deadline_s, alive)
        if self.cell.time_scale != 1.0 and not self.bus.is_twin:
            self.bus.close()
            raise DeviceFault(
                f"time_scale is {self.cell.time_scale}, but the hand on {self.bus.port} is a real one: it lives at 1"
            )
        self._state = self.bus.state()
        self._thread.start()

    def close(self) -> None:
        """Stop, let the motors go limp, and let go of the port."""
        self.disable("shut down")
        with self._wake:
            self._quit = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        with self._bus_lock:
            try:
                if self._limp_on_close and self._holding:
                    self.bus.sync_write(reg.TORQUE_ENABLE, np.zeros(len(self.bus.ids)))
            except DeviceFault:
                pass  # a hand that does not answer any more is the watchdog's
            self.bus.close()

    @property
    def busy(self) -> bool:
        """Whether a motion is under way."""
        return self._active is not None

    @property
    def disabled_by(self) -> str:
        """Why the hand does not move; empty when it may."""
        return self._gate.closed_by

    @property
    def state(self) -> MotorState:
        """The motors' latest state."""
        if self._state is None:
            raise DeviceFault("the hand has not told its state yet")
        return self._state

    def joints(self) -> Array:
        """Joint angles (16,) that the motors' angles stand for, rad."""
        return self.hand.joints_from_motors(self.state.position_rad)

    def enable(self) -> str:
        """Recover the motors and allow motion; moves nothing.

        Returns:
            What was done, in a sentence.

        Raises:
            DeviceFault: a motor cannot be made ready; motion stays forbidden.
        """
        if self.busy:
            raise DeviceFault("a motion is under way: wait for it, or cancel it first")
        with self._bus_lock:
            rebooted = recover(self.bus, self.hand.motors, self._watchdog)
            self._state = self.bus.state()
            self._last = self.hand.clip(self.joints())
            self._halt_wanted, self._holding = False, True
            self._errors_at = time.monotonic()
            self._gate.open(self._last)
        return f"enabled{f', motors {list(rebooted)} rebooted' if rebooted else ''}"

    def disable(self, reason: str) -> None:
        """Stop at once, hold, and forbid motion."""
        self._gate.close(reason)
        with self._wake:
            self._halt_wanted = True
            self._wake.notify_all()

    def shape(self, joints: ArrayLike, duration_s: float, on_progress: Progress, canceled: Canceled) -> None:
        """Bring the joints (16,) to a posture in robot seconds, or as far as what is held allows; blocks until then.

        Args:
            joints: goal, rad.
            duration_s: robot seconds; 0 takes the hand's default.
            on_progress: told the share of the way and the joints (16,), each period.
            canceled: asked each period.

        Raises:
            HandFault: how it ended instead; the hand holds where it is then.
        """
        with self._wake:
            if self._active is not None:
                raise RefusedFault("the hand is busy with another motion")
            if self.disabled_by:
                raise StoppedFault(self.disabled_by)
            motion = plan_shape(self.hand, self._last, joints, duration_s, self.cell.hand.close_s)
            mine = _Active(motion, on_progress, canceled)
            self._active = mine
            self._wake.notify_all()
            self._wake.wait_for(lambda: self._active is not mine)
        if mine.fault is not None:
            raise mine.fault

    # -- the bus thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        last = time.monotonic()
        while not self._quit:
            active = self._active
            rate = self.cell.hand.control_hz if active is not None else _IDLE_HZ
            began = time.monotonic()
            with self._bus_lock:
                try:
                    self._read()
                    if self._halt_wanted:
                        self._obey_halt()
                    elif active is not None:
                        self._advance(active, min(began - last, _CATCH_UP / rate))
                except HandFault as fault:
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
            self._state = self.bus.state(once=True)
        except DeviceFault:
            if self.bus.gone:
                raise
            # One lost exchange is nothing; the gate's freshness decides how many are too many.
            if gap > self.cell.hand.max_command_age_s and self._active is not None:
                raise StaleFault(f"the hand has not told its state for {gap:.2f} s; enable again") from None
            return
        if self._on_state is not None:
            self._on_state(self._state)
        if self._holding and self._watchdog:
            patience = self._watchdog * reg.WATCHDOG_UNIT_S / self.cell.time_scale
            if gap > 0.8 * patience:  # it may have run out: a servo then ignores goals until it is set again
                self.bus.sync_write(reg.BUS_WATCHDOG, np.zeros(len(self.bus.ids)))
                self.bus.sync_write(reg.BUS_WATCHDOG, np.full(len(self.bus.ids), self._watchdog))
        if self._holding and time.monotonic() - self._errors_at > _ERRORS_EVERY_S:
            self._errors_at = time.monotonic()
            self._check_errors()

    def _check_errors(self) -> None:
        errors = self.bus.hardware_errors()
        if not any(errors):
            return
        self._holding = False
        overload = all(bits in (0, reg.OVERLOAD) for bits in errors)
        raise (OverloadFault if overload else DeviceFault)(f"{self.bus.describe_errors(errors)}; enable again")

    def _advance(self, active: _Active, elapsed_s: float) -> None:
        if active.canceled():
            self._finish(active, CanceledFault("canceled by the client"))
            return
        if active.t == 0.0:
            self._set_pace(active.motion)
        step = max(elapsed_s, 1e-4) * self.cell.time_scale
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
        self.bus.command(self.hand.motors_from_joints(joints))
        active.t, self._last = t, joints
        active.on_progress(t / active.motion.duration_s, self.joints())
        if t >= active.motion.duration_s:
            self.bus.command(self.hand.motors_from_joints(joints))  # nobody acknowledges the one that counts
            self._state = self.bus.state()
            self._finish(active, None)

    def _set_pace(self, motion: ShapeMotion) -> None:
        """Have each motor go from goal to goal at the motion's own speed: steady between commands however far apart."""
        way = np.abs(self.hand.motors_from_joints(motion.goal) - self.hand.motors_from_joints(motion.start))
        units = np.ceil(_PACE * way / motion.duration_s / reg.RADPS_PER_UNIT) + 1.0
        for _ in range(2):  # nobody acknowledges it
            self.bus.sync_write(reg.PROFILE_VELOCITY, units)

    def _obey_halt(self) -> None:
        self._halt_wanted = False
        if self._holding:
            self._last = self.hand.clip(self.hand.joints_from_motors(hold(self.bus)))
        if self._active is not None:
            self._finish(self._active, StoppedFault(self._gate.closed_by))

    def _fail(self, fault: HandFault) -> None:
        self._gate.close(str(fault))
        self.failure = str(fault)
        if self._active is not None:
            self._finish(self._active, fault)

    def _finish(self, active: _Active, fault: HandFault | None) -> None:
        active.fault = fault
        with self._wake:
            self._active = None
            self._wake.notify_all()
