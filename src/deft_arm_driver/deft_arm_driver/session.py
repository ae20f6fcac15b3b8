"""One connection to the arm's controller through the vendor's SDK: the only file that speaks its units and results.

Everything the SDK calls millimetres, degrees and return codes is metres, radians and exceptions on this side.

SDK calls made: get_robot_sn, set_timeout, register_report_callback, release_report_callback, get_state,
get_err_warn_code, get_servo_angle, clean_warn, clean_error, motion_enable, set_mode, set_state, set_servo_angle_j,
disconnect; and those of `connecting` and `limits`.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from deft_arm_driver.connecting import connect
from deft_arm_driver.controller import (
    COLLISION,
    MOVING,
    READY,
    SERVO_MODE,
    STATE_READY,
    STATE_STOP,
    TWIN_SERIAL,
    Report,
    believable,
    error_text,
)
from deft_arm_driver.errors import CollisionFault
from deft_core.geometry import Array
from deft_core.workcell import ArmSettings
from deft_driver.faults import DeviceFault, StoppedFault

_ASK_AGAIN = 5
_OK, _HAS_ERROR, _HAS_WARNING, _TIMEOUT, _NOT_READY = 0, 1, 2, 3, 9
_ANSWER_S = 0.3


class ArmSession:
    """A connected controller. Calls may come from several threads; the SDK serialises them.

    Args:
        settings: address and limits.
        on_report: called on the SDK's thread with every report (100 a second).
    """

    def __init__(self, settings: ArmSettings, on_report: Callable[[Report], None] | None = None) -> None:
        self._settings = settings
        self._on_report = on_report
        self._lock = threading.Lock()
        self._report: Report | None = None
        self.lost_answers = self.spoilt_reports = 0
        self._api: Any = None

    # -- connection ------------------------------------------------------------------------------------------------

    def connect(self, deadline_s: float, alive: Callable[[], bool] = lambda: True) -> None:
        """Connect, trying again until the deadline or while `alive()`; a twin may still be coming up.

        Raises:
            DeviceFault: names the address and what to check.
        """
        self._api = connect(self._settings, deadline_s, alive)
        self._api.set_timeout(_ANSWER_S)
        self._api.register_report_callback(
            self._take_report,
            report_cartesian=False,
            report_error_code=False,
            report_warn_code=False,
            report_mtable=False,
            report_mtbrake=False,
            report_cmd_num=False,
        )
        where = f"{self._settings.host}:{self._settings.control_port}"
        self.wait_for(lambda: self._report is not None, 5.0, f"the controller at {where} sends no reports")

    def close(self) -> None:
        """Stop the arm and let go of the connection."""
        if self._api is not None:
            self.stop()
            self._api.release_report_callback(self._take_report)
            self._api.disconnect()

    @property
    def connected(self) -> bool:
        """Whether the control connection stands."""
        return bool(self._api is not None and self._api.connected)

    @property
    def is_twin(self) -> bool:
        """Whether the device itself says that it is an emulated one."""
        for _ in range(_ASK_AGAIN):  # a lost answer is no answer
            code, serial = self._api.get_robot_sn()
            if code == _OK and str(serial).endswith(TWIN_SERIAL):
                return True
        return False

    def wait_for(self, condition: Callable[[], bool], deadline_s: float, complaint: str) -> None:
        """Wait for something the reports will show; raises `DeviceFault` with the complaint."""
        end = time.monotonic() + deadline_s
        pause = threading.Event()
        while not condition():
            if time.monotonic() > end or not self.connected:
                raise DeviceFault(complaint)
            pause.wait(0.005)

    # -- state -----------------------------------------------------------------------------------------------------

    def _take_report(self, item: dict[str, Any]) -> None:
        report = Report(
            np.array(item["joints"][:6], dtype=float),
            np.array(self._api.joints_torque[:6], dtype=float),
            time.monotonic(),
            int(item["state"]),
            int(self._api.mode),
        )
        if not believable(report.q, report.torque_nm):  # it tells nothing of where the arm is: the last one gets old
            self.spoilt_reports += 1
            return
        with self._lock:
            self._report = report
        if self._on_report is not None:
            self._on_report(report)

    @property
    def report(self) -> Report:
        """The latest report."""
        with self._lock:
            if self._report is None:
                raise DeviceFault("the controller has not reported yet")
            return self._report

    def report_age_s(self) -> float:
        """Host seconds since the controller last told where it is."""
        return time.monotonic() - self.report.monotonic_s

    def refresh(self) -> None:
        """Ask for the joint angles and the state now, for when the report stream hesitates."""
        code, angles = self._api.get_servo_angle(is_radian=True)
        at = time.monotonic()
        answered, state = self._api.get_state()
        if code != _OK:
            return
        q = np.array(angles[:6], dtype=float)
        with self._lock:
            old = self._report
            if old is not None and believable(q, old.torque_nm):
                self._report = Report(q, old.torque_nm, at, int(state) if answered == _OK else old.state, old.mode)

    def wait_until_ready(self) -> None:
        """Wait until a report says what recovery made of the controller; raises `DeviceFault` if none does."""
        since = time.monotonic()

        def ready() -> bool:
            report = self.report
            return report.monotonic_s > since and report.state in (MOVING, READY) and report.mode == SERVO_MODE

        self.wait_for(ready, 2.0, "the controller does not report servo mode, ready; enable again")

    def state(self) -> int:
        """The controller's state (1 moving, 2 ready, 3 paused, 4 stopped, 5 waiting for state 0)."""
        return int(self.checked("get_state", self._api.get_state()))

    def codes(self) -> tuple[int, int]:
        """Error and warning code, 0 for none."""
        error, warning = self.checked("get_err_warn_code", self._api.get_err_warn_code())
        return int(error), int(warning)

    # -- recovery ----------------------------------------------------------------------------------------------------

    def clean_warn(self) -> None:
        """Clear warnings."""
        self._api.clean_warn()

    def clean_error(self) -> None:
        """Clear the error, if its cause is gone."""
        self._api.clean_error()

    def enable_motors(self, on: bool = True) -> None:
        """Enable or disable all motors."""
        self._api.motion_enable(on)

    def set_mode(self, mode: int) -> None:
        """Set the mode."""
        self._api.set_mode(mode)

    def set_ready(self) -> None:
        """Set state 0."""
        self._api.set_state(STATE_READY)

    def stop(self) -> None:
        """Stop now; every queued command is forgotten. Never raises: it is what everything falls back on."""
        with contextlib.suppress(Exception):
            self._api.set_state(STATE_STOP)

    @property
    def api(self) -> Any:
        """The SDK's object, for settings that have no place here (see `limits`)."""
        return self._api

    # -- motion ------------------------------------------------------------------------------------------------------

    def servo(self, q: Array) -> None:
        """Send one servo-mode joint target (6,), rad.

        One lost answer in a row is forgiven: only the last command counts, and the next follows at once.

        Raises:
            CollisionFault, StoppedFault, DeviceFault: the controller does not carry it out.
        """
        code = self._api.set_servo_angle_j([float(v) for v in q], is_radian=True)
        if code in (_OK, _HAS_WARNING):
            self._lost_in_a_row = 0
            return
        if code == _TIMEOUT and self._lost_in_a_row == 0:
            self.lost_answers += 1
            self._lost_in_a_row = 1
            return
        raise self.why_not(code)

    _lost_in_a_row = 0

    def why_not(self, code: int = _NOT_READY) -> CollisionFault | StoppedFault | DeviceFault:
        """Find out why the controller does not carry out motion commands, as an exception to raise."""
        if not self.connected:
            return DeviceFault("the connection to the arm's controller is lost")
        try:
            error, _ = self.codes()
            state = self.state()
        except DeviceFault as fault:
            return fault
        if error == COLLISION:
            return CollisionFault(error_text(error))
        if error:
            return DeviceFault(error_text(error))
        if code == _NOT_READY or state not in (MOVING, READY):
            return StoppedFault(f"the controller is in state {state}: stopped elsewhere (pendant, another client)")
        return DeviceFault(f"the controller does not take commands (SDK code {code})")

    def checked(self, call: str, result: tuple[int, Any]) -> Any:
        """Value of an SDK call that returned (code, value); raises `DeviceFault` if it failed."""
        code, value = result
        self.expect(call, code)
        return value

    def expect(self, call: str, code: int) -> None:
        """Pass codes that say the call was carried out; error and warning bits ride on every answer."""
        if code not in (_OK, _HAS_ERROR, _HAS_WARNING, _NOT_READY):
            what = "no answer" if code == _TIMEOUT else f"SDK code {code}"
            raise DeviceFault(f"{call} failed at {self._settings.host}: {what}")
