"""The hand as the node sees it: enable, disable, shape. Gate, bus and the thread that owns the bus put together."""

import math
from collections.abc import Callable

from numpy.typing import ArrayLike

from deft_core.errors import ConfigError
from deft_core.gate import hand_gate
from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_core.workcell import WorkcellConfig
from deft_driver.faults import DeviceFault
from deft_hand_driver import registers as reg
from deft_hand_driver.bus import HandBus, MotorState
from deft_hand_driver.bus_thread import BusThread, Canceled, Progress
from deft_hand_driver.shaping import plan_shape


def motor_names(hand: HandModel) -> tuple[str, ...]:
    """Names of the motors in the order of their ids."""
    return tuple(f"{finger}_{kind}" for finger in hand.fingers for kind in hand.motor_kinds)


# What a host may be late by, seconds: a watchdog that waits for less would stop a healthy hand.
LEAST_WATCHDOG_S = 0.25


def watchdog_units(seconds: float, time_scale: float) -> int:
    """Register value (units of 20 ms) for a bus watchdog of host seconds; 0 for none.

    The servos count robot time, in a register of seven bits: on a twin much faster than the clock it cannot cover what
    a host may be late by, and there is none.

    Raises:
        ConfigError: a watchdog that would wait for less than a host may be late by.
    """
    if 0.0 < seconds < LEAST_WATCHDOG_S:
        raise ConfigError(f"watchdog_s = {seconds}: at least {LEAST_WATCHDOG_S}, or 0 for no watchdog")
    most = min(math.ceil(seconds * time_scale / reg.WATCHDOG_UNIT_S), reg.WATCHDOG_MOST)
    return most if most * reg.WATCHDOG_UNIT_S / time_scale >= LEAST_WATCHDOG_S else 0


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
        self._limp_on_close = limp_on_close
        self._thread = BusThread(cell, hand, bus, self._gate, on_state, watchdog_units(watchdog_s, cell.time_scale))

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
        self._thread.start()

    def close(self) -> None:
        """Stop, let the motors go limp, and let go of the port."""
        self.disable("shut down")
        self._thread.end(limp=self._limp_on_close)

    @property
    def busy(self) -> bool:
        """Whether a motion is under way."""
        return self._thread.busy

    @property
    def disabled_by(self) -> str:
        """Why the hand does not move; empty when it may."""
        return self._gate.closed_by

    @property
    def state(self) -> MotorState:
        """The motors' latest state."""
        return self._thread.state

    def joints(self) -> Array:
        """Joint angles (16,) that the motors' angles stand for, rad."""
        return self._thread.joints

    def enable(self) -> str:
        """Recover the motors and allow motion; moves nothing.

        Returns:
            What was done, in a sentence.

        Raises:
            DeviceFault, GateRefused: a motor cannot be made ready, or a stop came meanwhile; motion is forbidden then,
                also where it was allowed before.
        """
        if self.busy:
            raise DeviceFault("a motion is under way: wait for it, or cancel it first")
        rebooted = self._thread.recover()
        return f"enabled{f', motors {list(rebooted)} rebooted' if rebooted else ''}"

    def disable(self, reason: str) -> None:
        """Stop at once, hold, and forbid motion."""
        self._thread.halt(reason)

    def shape(self, joints: ArrayLike, duration_s: float, on_progress: Progress, canceled: Canceled) -> None:
        """Bring the joints (16,) to a posture in robot seconds, or as far as what is held allows; blocks until then.

        Args:
            joints: goal, rad.
            duration_s: robot seconds; 0 takes the hand's default.
            on_progress: told the share of the way and the joints (16,), each period.
            canceled: asked each period.

        Raises:
            DriverFault: how it ended instead; the hand holds where it is then.
        """
        default_s = self.cell.hand.close_s
        self._thread.carry_out(
            lambda start: plan_shape(self.hand, start, joints, duration_s, default_s), on_progress, canceled
        )
