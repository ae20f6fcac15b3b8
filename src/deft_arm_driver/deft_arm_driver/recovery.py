"""Bring a controller from whatever state it is in to servo mode, ready, and know that it is there.

The sequence clean_warn, clean_error, motion_enable, set_mode, set_state(0) is what the vendor documents, and what users
report to work "most of the time". What makes it work always: servo faults clear only after the motors were enabled
again, so the error is cleaned a second time behind that; each round is verified on the controller, and repeated while
progress is possible; a cause that only a person can remove is named instead of retried.
"""

from dataclasses import dataclass
from typing import Protocol

from deft_arm_driver.controller import MOVING, READY, SERVO_MODE, Report, error_text
from deft_driver.faults import DeviceFault

# Buttons: no command clears these before somebody lets them out.
_BUTTONS = (1, 2, 3)
_ROUNDS = 4


class Controller(Protocol):
    """What recovery needs of a controller."""

    @property
    def report(self) -> Report: ...
    def state(self) -> int: ...
    def codes(self) -> tuple[int, int]: ...
    def clean_warn(self) -> None: ...
    def clean_error(self) -> None: ...
    def enable_motors(self, on: bool = True) -> None: ...
    def set_mode(self, mode: int) -> None: ...
    def set_ready(self) -> None: ...


@dataclass(frozen=True)
class Recovery:
    """What recovery did: rounds it took, and the error and warning it found (0: none)."""

    rounds: int
    error: int
    warning: int


def recover(arm: Controller, mode: int = SERVO_MODE) -> Recovery:
    """Clear errors, enable the motors, set mode and state, and verify. Moves nothing.

    Raises:
        DeviceFault: the controller stays in an error; says which and what to do.
    """
    found_error, found_warning = arm.codes()
    error = found_error
    for turn in range(1, _ROUNDS + 1):
        arm.clean_warn()
        arm.clean_error()
        arm.enable_motors()
        if arm.codes()[0]:
            arm.clean_error()
            arm.enable_motors()
        arm.set_mode(mode)
        arm.set_ready()
        error, _ = arm.codes()
        if not error and arm.state() in (MOVING, READY):
            return Recovery(turn, found_error, found_warning)
        if error in _BUTTONS:
            raise DeviceFault(f"{error_text(error)}; then enable again")
    if error:
        raise DeviceFault(f"{error_text(error)}; it does not clear: remove its cause, then enable again")
    raise DeviceFault(f"the controller stays in state {arm.state()} without an error; restart it, then enable again")
