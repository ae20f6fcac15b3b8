"""A node with a device that is none. TOY says what happens and where, as `SIGINT:making` or `defect:serving`.

Places: before (the node is made), making, connecting, serving, spinning, closing. What: a signal's name, defect (an
error that nobody foresaw), mendable (one that a person can do something about), gone (the device, a hair before the
signal that ends everything), lost (the device).
"""

import os
import signal
import sys
import threading
import time

import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup

from deft_core.errors import DeftError
from deft_ros.process_node import ProcessNode
from deft_ros.run_node import run_node

WHAT, _, WHERE = os.environ["TOY"].partition(":")
LINGERS = "LINGERS" in os.environ


def happen(where: str) -> None:
    if where != WHERE:
        return
    if WHAT == "defect":
        raise RuntimeError("nobody foresaw this")
    if WHAT == "mendable":
        raise DeftError("the toy cannot be reached")
    if WHAT == "gone":
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        raise DeftError("the toy is gone")
    if WHAT != "lost":
        os.kill(os.getpid(), signal.Signals[WHAT])
        end = time.monotonic() + (0.1 if LINGERS else 10.0)
        while rclpy.ok() and time.monotonic() < end:  # go on just when the signal has ended the context
            pass


class Toy(ProcessNode):
    """Holds the device from `start` to `close`."""

    def __init__(self) -> None:
        happen("before")
        super().__init__("toy")
        happen("making")
        self._held = False
        group = ReentrantCallbackGroup()
        self.create_timer(0.02, self._spin, callback_group=group)
        self.create_timer(0.1, rclpy.try_shutdown if WHERE == "closing" else lambda: None, callback_group=group)

    def start(self) -> None:
        happen("connecting")
        self._held = rclpy.ok()
        happen("serving")
        self.get_logger().info("serving")

    def _spin(self) -> None:
        if WHERE != "spinning":
            return
        if WHAT == "lost":
            self.fail("the toy is lost")
            return
        try:
            happen("spinning")
        except DeftError as error:
            self.fail(str(error))

    def wind_down(self) -> None:
        print(f"goodbye, heard: {rclpy.ok()}", flush=True)

    def close(self) -> None:
        happen("closing")
        print("closed" if self._held else "nothing to close", flush=True)


if __name__ == "__main__":
    sys.exit(run_node(Toy, "toy_node", threads=4, outlives_signals=LINGERS))
