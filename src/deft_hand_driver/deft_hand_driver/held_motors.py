"""Motors that hold: their watchdog is kept from running out, and the errors that show only when asked for are seen."""

import contextlib
import time

import numpy as np

from deft_core.hand import Motors
from deft_driver.faults import DeviceFault
from deft_hand_driver import registers as reg
from deft_hand_driver.bus import HandBus
from deft_hand_driver.errors import OverloadFault
from deft_hand_driver.recovery import expect_all_hold, recover

# Hardware errors are asked for this often (host seconds): they do not show in the state block.
_ERRORS_EVERY_S = 0.2


class HeldMotors:
    """The motors between recovery and an error or the end. Not thread-safe: who speaks on the bus calls it.

    Args:
        bus: the hand's.
        watchdog: bus watchdog register (units of 20 ms), 0 for off.
        time_scale: robot seconds a host second; the motors count robot time.
    """

    def __init__(self, bus: HandBus, watchdog: int, time_scale: float) -> None:
        self._bus, self._watchdog = bus, watchdog
        self._patience_s = watchdog * reg.WATCHDOG_UNIT_S / time_scale
        self._errors_at = 0.0
        self._errors: tuple[int, ...] = ()
        self.holding = False

    def recover(self, motors: Motors) -> tuple[int, ...]:
        """Bring the motors to holding still; returns the ids that had to be rebooted, or raises `DeviceFault`."""
        self.holding, self._errors = True, ()  # from the first write on: some may hold though another fails
        try:
            return recover(self._bus, motors, self._watchdog)
        except DeviceFault:
            with contextlib.suppress(DeviceFault):  # those that hold are not to hold on when nobody is left
                self._set_watchdog()
            raise
        finally:
            self._errors_at = time.monotonic()

    def look_after(self, gap_s: float) -> None:
        """See to motors that hold; `gap_s` (host seconds) is how long the bus had been silent before the last read.

        Raises:
            OverloadFault, DeviceFault: what a motor reports, once; the others hold on, and are seen to.
        """
        if not self.holding:
            return
        if self._watchdog and gap_s > 0.8 * self._patience_s:
            self._set_watchdog()
        if time.monotonic() - self._errors_at > _ERRORS_EVERY_S:
            self._errors_at = time.monotonic()
            self._see_errors()

    def make_sure(self) -> None:
        """See before and after a motion to what no state tells of.

        A motor that its supply failed for a moment is limp and reports no error; a watchdog may have run out however
        short the silence looked from here.

        Raises:
            OverloadFault, DeviceFault: a motor is limp.
        """
        if not self.holding:
            return
        if self._bus.limp():
            self._see_errors()  # a motor that has shut down says why
            expect_all_hold(self._bus)
        if self._watchdog and self._bus.watchdogs_run_out():
            self._set_watchdog()

    def _set_watchdog(self) -> None:
        """Set a watchdog that may have run out: a servo ignores goals until it is set again."""
        self._bus.sync_write(reg.BUS_WATCHDOG, np.zeros(len(self._bus.ids)))
        self._bus.sync_write(reg.BUS_WATCHDOG, np.full(len(self._bus.ids), self._watchdog))

    def let_go(self) -> None:
        """Let every motor go limp; a hand that does not answer any more is the watchdog's."""
        self.holding = False
        for _ in range(2):  # nobody acknowledges it
            with contextlib.suppress(DeviceFault):
                self._bus.sync_write(reg.TORQUE_ENABLE, np.zeros(len(self._bus.ids)))

    def _see_errors(self) -> None:
        errors = tuple(self._bus.hardware_errors())
        if not any(errors) or errors == self._errors:
            return
        self._errors = errors
        overload = all(bits in (0, reg.OVERLOAD) for bits in errors)
        raise (OverloadFault if overload else DeviceFault)(f"{self._bus.describe_errors(errors)}; enable again")
