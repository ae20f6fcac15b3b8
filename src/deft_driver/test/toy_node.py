"""A driver's node without a device. TOY says what happens and where, as `SIGINT:making` or `defect:serving`.

Places: before (the node is made), making, connecting, serving, spinning, closing. What: a signal's name, defect (an
error that nobody foresaw), lost (the device is), unreachable (the device is).
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import rclpy

from deft_driver.driver import Health
from deft_driver.driver_node import DriverNode
from deft_driver.faults import DeviceFault
from deft_driver.run_node import run_driver

WHAT, _, WHERE = os.environ["TOY"].partition(":")


def happen(where: str) -> None:
    if where != WHERE:
        return
    if WHAT == "defect":
        raise RuntimeError("nobody foresaw this")
    if WHAT == "unreachable":
        raise DeviceFault("the toy cannot be reached")
    if WHAT != "lost":
        os.kill(os.getpid(), signal.Signals[WHAT])
        end = time.monotonic() + 10.0
        while rclpy.ok() and time.monotonic() < end:  # go on just when the signal has ended the context
            pass


class Toy:
    """A driver of nothing."""

    busy = False
    disabled_by = "not enabled"

    def connect(self, deadline_s: float, alive: Callable[[], bool]) -> None:
        happen("connecting")
        if not alive():
            raise DeviceFault("gave up connecting")

    def close(self) -> None:
        happen("closing")
        print("closed", flush=True)

    def enable(self) -> str:
        return "enabled"

    def disable(self, reason: str) -> None:
        self.disabled_by = reason


class ToyNode(DriverNode):
    """A node around it."""

    def __init__(self) -> None:
        happen("before")
        super().__init__("toy", "motors", states="/toy/joint_states", most_state_hz=100.0)
        happen("making")
        self.driver = Toy()
        self.create_timer(0.02, lambda: happen("spinning"))
        self.create_timer(0.1, rclpy.try_shutdown if WHERE == "closing" else lambda: None)

    def serve(self) -> None:
        happen("serving")

    def describe(self) -> str:
        return "a toy"

    def lost(self) -> str:
        return "the toy is lost" if WHAT == "lost" else ""

    def health(self) -> Health:
        return Health("nowhere", False, "", {})

    def fill_result(self, result: Any) -> None:
        pass


if __name__ == "__main__":
    sys.exit(run_driver(ToyNode, "toy_node"))
