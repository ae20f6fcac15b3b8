"""hand_node: shapes the hand for whoever asks, one motion at a time, through the gate.

Serves /hand/shape (action) and /hand/enable; publishes /hand/joint_states (16 joints) and /diagnostics; hears
/deft/stop for itself. Motion is forbidden until /hand/enable.
"""

import sys
import time
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Empty

from deft_core.errors import DeftError
from deft_core.grasp import JOINT_NAMES
from deft_core.hand import load_hand
from deft_core.realtime import ask_for_priority
from deft_core.workcell import load_workcell
from deft_hand_driver.bus import PATIENCE_S, HandBus, MotorState
from deft_hand_driver.driver import HandDriver, motor_names
from deft_hand_driver.errors import CanceledFault, HandFault
from deft_msgs.action import ShapeHand
from deft_msgs.srv import Enable

_FEEDBACK_S = 0.05


class HandNode(Node):
    """The graph's view of one hand."""

    def __init__(self) -> None:
        super().__init__("hand_node")
        self._declare("workcell", "twin", "Workcell: twin, lab, or the path of a YAML file.")
        self._declare("time_scale", 0.0, "Robot seconds a wall second; 0 takes the workcell's.", 0.0, 50.0)
        self._declare("connect_timeout_s", 30.0, "How long to wait for the motors to answer, s.", 0.1, 600.0)
        self._declare("joint_state_hz", 50.0, "Greatest rate of /hand/joint_states, Hz.", 1.0, 200.0)
        self._declare("watchdog_s", 0.5, "Motors stop on a bus silent for so many wall seconds; 0: never.", 0.0, 2.0)
        self._declare("limp_on_exit", True, "Let the motors go limp when the node ends; else they hold on.")
        scale = float(self.get_parameter("time_scale").value)
        cell = load_workcell(self.get_parameter("workcell").value, scale or None)
        hand = load_hand(cell.hand.model)
        self._state_every_s = 1.0 / float(self.get_parameter("joint_state_hz").value)
        self._state_due_s = 0.0
        self.failure = ""
        self._states = self.create_publisher(JointState, "/hand/joint_states", 10)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
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
        self.driver.connect(float(self.get_parameter("connect_timeout_s").value), alive=rclpy.ok)
        alone = MutuallyExclusiveCallbackGroup
        # The stop has a group of its own: nothing else that runs here can keep it waiting.
        self.create_subscription(Empty, "/deft/stop", self._stop, 10, callback_group=alone())
        self.create_service(Enable, "/hand/enable", self._enable, callback_group=alone())
        self.create_timer(1.0, self._publish_diagnostics, callback_group=alone())
        self._server = ActionServer(
            self,
            ShapeHand,
            "/hand/shape",
            execute_callback=self._shape,
            goal_callback=self._accept,
            cancel_callback=lambda handle: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )
        self.get_logger().info(
            f"hand up: {hand.name}, {len(hand.motor_ids)} motors on {cell.hand.port}, "
            f"{cell.hand.control_hz:.0f} Hz; not enabled"
        )

    def _declare(self, name: str, default: object, text: str, low: float = 0.0, high: float = 0.0) -> None:
        descriptor = ParameterDescriptor(description=text, read_only=True)
        if high > low:
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high, step=0.0)]
        self.declare_parameter(name, default, descriptor)

    # -- state -----------------------------------------------------------------------------------------------------

    def _publish_state(self, motors: MotorState) -> None:
        """Publish the joints; called on the bus's thread."""
        if motors.monotonic_s < self._state_due_s or not rclpy.ok():
            return
        self._state_due_s = max(self._state_due_s + self._state_every_s, motors.monotonic_s)
        hand = self.driver.hand
        state = JointState()
        state.header.stamp = self.get_clock().now().to_msg()
        state.name = list(JOINT_NAMES)
        state.position = [float(v) for v in hand.joints_from_motors(motors.position_rad)]
        state.velocity = [float(v) for v in hand.joints_from_motors(motors.velocity_radps)]
        self._states.publish(state)

    def _publish_diagnostics(self) -> None:
        driver = self.driver
        if driver.bus.gone:
            self.failure = driver.bus.gone
            rclpy.try_shutdown()
            return
        disabled, age = driver.disabled_by, time.monotonic() - driver.state.monotonic_s
        status = DiagnosticStatus(name="hand_node: motors", hardware_id=driver.bus.port)
        bad = age > 1.0 or "reports" in disabled
        status.level = DiagnosticStatus.ERROR if bad else DiagnosticStatus.WARN if disabled else DiagnosticStatus.OK
        status.message = f"no state for {age:.1f} s" if age > 1.0 else disabled or "ready"
        values = {
            "state age (s)": f"{age:.3f}",
            "lost reads": driver.bus.lost_reads,
            "moving": driver.busy,
            "motion forbidden by": disabled or "nothing",
        } | {
            f"{name} current (A)": f"{a:.3f}" for name, a in zip(driver.bus.names, driver.state.current_a, strict=True)
        }
        status.values = [KeyValue(key=k, value=str(v)) for k, v in values.items()]
        report = DiagnosticArray(status=[status])
        report.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(report)

    # -- commands --------------------------------------------------------------------------------------------------

    def _stop(self, _: Empty) -> None:
        self.driver.disable("stopped by /deft/stop")
        self.get_logger().warn("stopped by /deft/stop; /hand/enable allows motion again")

    def _enable(self, request: Enable.Request, response: Enable.Response) -> Enable.Response:
        if not request.enable:
            self.driver.disable("forbidden by /hand/enable")
            response.success, response.message = True, "motion is forbidden"
            return response
        try:
            response.message, response.success = self.driver.enable(), True
        except DeftError as error:
            response.message, response.success = str(error), False
            self.get_logger().error(f"cannot enable: {error}")
        return response

    def _accept(self, _: Any) -> GoalResponse:
        reason = self.driver.disabled_by or ("the hand is busy with another motion" if self.driver.busy else "")
        if not reason:
            return GoalResponse.ACCEPT
        self.get_logger().warn(f"goal refused: {reason}")
        return GoalResponse.REJECT

    def _shape(self, handle: ServerGoalHandle) -> ShapeHand.Result:
        goal, feedback, result = handle.request, ShapeHand.Feedback(), ShapeHand.Result()
        due = [0.0]

        def progress(share: float, joints: np.ndarray) -> None:
            now = time.monotonic()
            if now >= due[0] or share >= 1.0:
                due[0] = now + _FEEDBACK_S
                feedback.progress, feedback.joints = float(share), joints
                handle.publish_feedback(feedback)

        result.fault, end = "none", handle.succeed
        try:
            self.driver.shape(
                np.array(goal.joints, dtype=float), goal.duration_s, progress, lambda: handle.is_cancel_requested
            )
        except CanceledFault as fault:
            result.fault, result.message, end = fault.fault, str(fault), handle.canceled
        except HandFault as fault:
            result.fault, result.message, end = fault.fault, str(fault), handle.abort
        except Exception as error:
            self.driver.disable(f"hand_node failed: {error}")
            result.fault, result.message, end = "device", str(error), handle.abort
        result.success = result.fault == "none"
        if not result.success:
            self.get_logger().warn(f"motion ended: {result.fault}: {result.message}")
        result.joints = self.driver.joints()
        result.currents_a = self.driver.state.current_a
        if rclpy.ok():
            end()
        return result


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    ask_for_priority()
    rclpy.init(args=args)
    node, failure = None, ""
    try:
        node = HandNode()
        executor = MultiThreadedExecutor(num_threads=6)
        executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except DeftError as error:
        failure = str(error) if rclpy.ok() else ""
    except ParameterException as error:
        failure = str(error.args[0])
    finally:
        if node is not None:
            failure = node.failure
            node.driver.close()
            node.destroy_node()
        rclpy.try_shutdown()
    if failure:
        print(f"hand_node: {failure}", file=sys.stderr)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
