"""Stream a joint trajectory to the controller's servo mode, every command through the gate.

The stream runs at a fixed rate of the host's clock. A trajectory lives in robot time: on a twin that lives `time_scale`
times faster each period covers that many times more of it. Each command is one period on from the last: when the host
is late the trajectory waits, it never jumps.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from deft_arm_driver.controller import MOVING, READY, SERVO_MODE, Report
from deft_core.errors import GateRefused
from deft_core.gate import Gate
from deft_core.geometry import Array
from deft_core.planner import JointTrajectory
from deft_driver.faults import CanceledFault, DeviceFault, DriverFault, RefusedFault, StaleFault, StoppedFault

# Within this of the last command the arm counts as arrived; waiting for it ends after so many robot seconds all the
# same.
_ARRIVED_RAD = 0.01
_ARRIVE_S = 0.6
# An arm this far from its command does not follow it, and would jump when it does again. Pushing against what it holds
# or touches leaves it short by a few hundredths; lagging behind at full speed by a tenth of a second, by this.
_ASTRAY_RAD = 0.35
# What passes between a command and the report that shows it carried out, host seconds: two periods of the reports.
_REPORT_S = 0.02


class Servo(Protocol):
    """What streaming needs of a session."""

    @property
    def report(self) -> Report: ...
    def report_age_s(self) -> float: ...
    def refresh(self) -> None: ...
    def servo(self, q: Array) -> None: ...
    def why_not(self) -> DriverFault: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class StreamSettings:
    """Rate (a host second) and time scale of the stream, oldest state (host seconds) to move on, fastest joint."""

    rate_hz: float
    time_scale: float
    max_age_s: float
    max_speed_radps: float


class Streamer:
    """Moves one arm. `halt` may be called from any thread and is obeyed within a period."""

    def __init__(self, arm: Servo, gate: Gate, settings: StreamSettings) -> None:
        self._arm, self._gate, self._settings = arm, gate, settings
        self._halted = threading.Event()
        self._shutting = threading.Lock()
        self._reason = ""
        self._last: Array | None = None

    def halt(self, reason: str) -> None:
        """Stop at once and refuse everything until `resume`."""
        self._shut(reason)
        self._arm.stop()
        self._last = None

    def prepare(self) -> int:
        """Refuse everything while the controller is made ready; returns what `resume` asks for."""
        return self._shut("the last enable did not finish")

    def resume(self, prepared: int) -> None:
        """Allow motion again, from where the arm stands; the controller must be ready.

        Raises:
            GateRefused: it was halted since `prepare`, and stays so.
        """
        self._arm.refresh()
        with self._shutting:
            self._gate.open(self._arm.report.q, prepared)
            self._last = None
            self._reason = ""
            self._halted.clear()

    def _shut(self, reason: str) -> int:
        with self._shutting:  # whoever meets the closed gate knows already that it was meant
            self._reason = self._reason or reason
            self._halted.set()
            self._gate.close(reason)
            return self._gate.closings

    @property
    def halted_by(self) -> str:
        """Why nothing moves; empty when motion is allowed."""
        return self._gate.closed_by

    def start(self) -> Array:
        """Where the next trajectory must begin (6,): at the last command, while the arm is still about there."""
        q = self._arm.report.q
        if self._last is not None and np.abs(self._last - q).max() < 0.1:
            return self._last.copy()
        return q

    def run(
        self, trajectory: JointTrajectory, on_progress: Callable[[float], None], canceled: Callable[[], bool]
    ) -> None:
        """Stream a trajectory that begins at `start()`; returns when the arm has arrived.

        Args:
            trajectory: in robot time.
            on_progress: told the share of the trajectory sent, 0 to 1, each period.
            canceled: asked each period.

        Raises:
            DriverFault: how it ended instead; the arm stands still then.
        """
        if self._halted.is_set():
            raise StoppedFault(self._reason)
        if reason := self._gate.foresee(trajectory.preview()):
            raise RefusedFault(f"{reason}; nothing moved")
        try:
            self._stream(trajectory, on_progress, canceled)
            self._arrive(canceled)
        except GateRefused as error:
            if self._halted.is_set():
                raise StoppedFault(self._reason) from None
            self._arm.stop()
            self._halted.set()
            self._reason = str(error)
            raise (StaleFault if " s old" in str(error) else RefusedFault)(f"{error}; enable again") from None
        except CanceledFault:
            raise  # the last command holds the arm where it is
        except Exception as error:
            if self._halted.is_set():  # whatever else a halt brought about
                raise StoppedFault(self._reason) from error
            self.halt(str(error))
            raise

    def _stream(
        self, trajectory: JointTrajectory, on_progress: Callable[[float], None], canceled: Callable[[], bool]
    ) -> None:
        settings = self._settings
        period = 1.0 / settings.rate_hz
        step = period * settings.time_scale
        self._last = self.start()
        self._gate.track(self._last)
        t, due = 0.0, time.monotonic()
        while t < trajectory.duration_s:
            if canceled():
                raise CanceledFault("canceled by the client")
            t = min(t + step, trajectory.duration_s)
            self._send(trajectory.sample(t), step)
            on_progress(t / trajectory.duration_s)
            due = max(due + period, time.monotonic())
            if self._halted.wait(max(0.0, due - time.monotonic())):
                raise StoppedFault(self._reason)

    def _send(self, q: Array, dt_s: float) -> None:
        made = time.monotonic()
        if self._arm.report_age_s() > 0.5 * self._settings.max_age_s:
            self._arm.refresh()
        age = time.monotonic() - made
        allowed = self._gate.check(q, dt_s=dt_s, command_age_s=age, state_age_s=self._arm.report_age_s())
        self._follows()
        self._arm.servo(allowed)
        self._last = allowed

    def _follows(self) -> None:
        """Raise unless commands are carried out: a paused controller takes them, and jumps to the last one later."""
        report, age = self._arm.report, self._arm.report_age_s()
        last = self._last  # a halt forgets it, at any moment
        if report.state not in (MOVING, READY) or report.mode != SERVO_MODE:
            raise self._arm.why_not()
        if last is None:
            return
        off = np.abs(report.q - last)
        worst = int(np.argmax(off))
        # The command has gone on since the report was made and sent, on a fast twin by much.
        behind_s = (age + _REPORT_S) * self._settings.time_scale
        if off[worst] > _ASTRAY_RAD + self._settings.max_speed_radps * behind_s:
            raise DeviceFault(
                f"the arm does not follow: joint {worst + 1} is {off[worst]:.2f} rad from its command; "
                "see what holds it, then enable again"
            )

    def _arrive(self, canceled: Callable[[], bool]) -> None:
        """Wait until the arm stands at the last command, or pushes against something and stays short of it."""
        goal = self._last
        end = time.monotonic() + max(_ARRIVE_S / self._settings.time_scale, 0.05)
        while goal is not None and time.monotonic() < end:
            if np.abs(self._arm.report.q - goal).max() < _ARRIVED_RAD or canceled():
                return
            if self._halted.wait(0.5 / self._settings.rate_hz):
                raise StoppedFault(self._reason)
        if self._halted.is_set():
            raise StoppedFault(self._reason)
        self._follows()
