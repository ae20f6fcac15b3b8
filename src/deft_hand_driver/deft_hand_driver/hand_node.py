"""hand_node: shapes the hand for whoever asks, one motion at a time, through the gate.

Serves /hand/shape (action) and /hand/enable; publishes /hand/joint_states (16 joints) and /diagnostics; hears
/deft/stop for itself. Motion is forbidden until /hand/enable.
"""

import sys
import time
from typing import Any

import numpy as np
from rclpy.action.server import ServerGoalHandle
from sensor_msgs.msg import JointState

from deft_core.grasp import JOINT_NAMES
from deft_core.hand import load_hand
from deft_driver.driver import Health
from deft_driver.driver_node import DriverNode
from deft_driver.feedback import seldom
from deft_hand_driver.bus import PATIENCE_S, HandBus, MotorState
from deft_hand_driver.driver import HandDriver, motor_names
from deft_msgs.action import ShapeHand
from deft_ros.run_node import run_node


class HandNode(DriverNode):
    """The graph's view of one hand."""

    driver: HandDriver

    def __init__(self) -> None:
        super().__init__("hand", "motors", states="/hand/joint_states", most_state_hz=200.0)
        self.declare(
            "watchdog_s",
            0.5,
            "Motors stop on a bus silent for so many wall seconds, 0.25 at least; 0: never.",
            0.0,
            2.0,
        )
        self.declare("limp_on_exit", True, "Let the motors go limp when the node ends; else they hold on.")
        cell, hand = self.cell, load_hand(self.cell.hand.model)
        patience_s = max(PATIENCE_S, 2.0 * cell.hand.max_command_age_s)
        bus = HandBus(cell.hand.port, cell.hand.baud, hand.motor_ids, motor_names(hand), patience_s)
        self.driver = HandDriver(
            cell,
            hand,
            bus,
            on_state=self._publish_state,
            watchdog_s=float(self.get_parameter("watchdog_s").value),
            limp_on_close=bool(self.get_parameter("limp_on_exit").value),
        )

    def serve(self) -> None:
        """Serve the one way to move."""
        self.serve_motion(ShapeHand, "/hand/shape", self._shape)

    def describe(self) -> str:
        """Model, motors, port and command rate."""
        hand, settings = self.driver.hand, self.cell.hand
        return f"{hand.name}, {len(hand.motor_ids)} motors on {settings.port}, {settings.control_hz:.0f} Hz"

    # -- state -----------------------------------------------------------------------------------------------------

    def _publish_state(self, motors: MotorState) -> None:
        """Publish the joints; called on the bus's thread."""
        if not self.state_is_due(motors.monotonic_s):
            return
        hand = self.driver.hand
        state = JointState()
        state.header.stamp = self.get_clock().now().to_msg()
        state.name = list(JOINT_NAMES)
        state.position = [float(v) for v in hand.joints_from_motors(motors.position_rad)]
        state.velocity = [float(v) for v in hand.joints_from_motors(motors.velocity_radps)]
        self.states.publish(state)

    def lost(self) -> str:
        """Why the port is out of reach; empty while it is there."""
        return self.driver.bus.gone

    def health(self) -> Health:
        """Tell how old the motors' last state is, and their currents."""
        bus, state = self.driver.bus, self.driver.state
        age = time.monotonic() - state.monotonic_s
        values: dict[str, object] = {"state age (s)": f"{age:.3f}", "lost reads": bus.lost_reads}
        values |= {f"{name} current (A)": f"{a:.3f}" for name, a in zip(bus.names, state.current_a, strict=True)}
        bad = age > 1.0 or "reports" in self.driver.disabled_by
        return Health(bus.port, bad, f"no state for {age:.1f} s" if age > 1.0 else "", values)

    # -- motion ----------------------------------------------------------------------------------------------------

    def _shape(self, handle: ServerGoalHandle) -> ShapeHand.Result:
        goal, feedback = handle.request, ShapeHand.Feedback()

        def progress(share: float, joints: np.ndarray) -> None:
            feedback.progress, feedback.joints = float(share), joints
            handle.publish_feedback(feedback)

        def move() -> None:
            joints = np.array(goal.joints, dtype=float)
            self.driver.shape(joints, goal.duration_s, seldom(progress), lambda: handle.is_cancel_requested)

        return self.carry_out(handle, ShapeHand.Result(), move)

    def fill_result(self, result: Any) -> None:
        """Write where the joints are and what the motors draw."""
        result.joints = self.driver.joints()
        result.currents_a = [float(v) for v in self.driver.state.current_a]


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    return run_node(HandNode, "hand_node", args, threads=6, urgent=True)


if __name__ == "__main__":
    sys.exit(main())
