"""What the arm's controller says of itself: modes, states, errors in the vendor's words, reports."""

import contextlib
import io
from dataclasses import dataclass

from deft_core.geometry import Array

with contextlib.redirect_stdout(io.StringIO()):  # the SDK prints its version on import
    from xarm.core.config.x_code import ControllerErrorCodeMap

SERVO_MODE = 1
# States to set, and states that are told.
STATE_READY, STATE_STOP = 0, 4
MOVING, READY, PAUSED = 1, 2, 3
COLLISION = 31
# A serial number that ends so belongs to an emulated controller; see deft_sim.devices.
TWIN_SERIAL = "DEFTTWIN"


@dataclass(frozen=True)
class Report:
    """The controller's latest report: joint angles (6,) rad, motor torques (6,) N m, and the host time it came."""

    q: Array
    torque_nm: Array
    monotonic_s: float
    state: int
    mode: int


def error_text(code: int) -> str:
    """What the vendor calls a controller error, in one line."""
    entry = ControllerErrorCodeMap.get(code) or ControllerErrorCodeMap["other"]
    title = " ".join(str(entry["en"]["title"]).split())
    advice = " ".join(str(entry["en"]["desc"]).split())
    return f"controller error {code}: {title}" + (f" ({advice})" if advice else "")
