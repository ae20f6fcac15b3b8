"""What the arm's controller says of itself: modes, states, errors in the vendor's words, reports."""

import contextlib
import io
from dataclasses import dataclass

import numpy as np

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
_TURN_RAD = 0.1  # a joint at its end may be told as a little further


@dataclass(frozen=True)
class Report:
    """The controller's latest report: joint angles (6,) rad, motor torques (6,) N m, and the host time it came."""

    q: Array
    torque_nm: Array
    monotonic_s: float
    state: int
    mode: int


def believable(q: Array, torque_nm: Array) -> bool:
    """Whether a controller may have meant these joint angles (6,) rad and torques (6,) N m, or something spoilt them.

    No joint of an xArm turns further than once around either way (user manual, joint ranges).
    """
    whole = q.shape == (6,) and torque_nm.shape == (6,)
    return bool(whole and (np.abs(q) < 2.0 * np.pi + _TURN_RAD).all() and np.isfinite(torque_nm).all())


def error_text(code: int) -> str:
    """What the vendor calls a controller error, in one line."""
    entry = ControllerErrorCodeMap.get(code) or ControllerErrorCodeMap["other"]
    title = " ".join(str(entry["en"]["title"]).split())
    advice = " ".join(str(entry["en"]["desc"]).split())
    return f"controller error {code}: {title}" + (f" ({advice})" if advice else "")
