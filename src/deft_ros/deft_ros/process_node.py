"""A node that is a process: it may begin slowly, end for a reason, and have more to let go of than rclpy knows."""

import threading

import rclpy
from rclpy.node import Node

# Whoever stops the graph tells its processes in no order: what a node loses just before it hears of it is no failure.
_MOMENT_S = 1.0


def ends_in_a_moment() -> bool:
    """Wait a moment for the context to end; return whether it did."""
    pause = threading.Event()
    for _ in range(round(_MOMENT_S / 0.02)):
        if not rclpy.ok():
            return True
        pause.wait(0.02)
    return not rclpy.ok()


class ProcessNode(Node):
    """What `run_node` runs; override what you need.

    Attributes:
        failure: why the node had to end, if it had to.
    """

    failure: str = ""

    def start(self) -> None:
        """Do what may take long before the node spins, as connecting; Ctrl-C cuts it short."""

    def wind_down(self) -> None:
        """Say goodbye while the graph still hears the node; only where it `outlives_signals`."""

    def close(self) -> None:
        """Let go of devices and threads; called once, however the node ends."""

    def fail(self, reason: str) -> None:
        """End the process with 1 and a reason, from any thread; with 0 if it is being stopped anyway.

        It blocks for a moment, in which a stop that is under way gets here.
        """
        if not ends_in_a_moment():
            self.failure = self.failure or reason
            rclpy.try_shutdown()
