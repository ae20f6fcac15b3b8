"""arm_node: moves the wrist for whoever asks, one motion at a time, through the gate.

Serves /arm/move_to_pose, /arm/follow_wrist_trajectory (actions) and /arm/enable; publishes /arm/joint_states, the
transform base_link -> link_eef and /diagnostics; hears /deft/stop for itself. Motion is forbidden until /arm/enable.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, TransformStamped
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Empty
from tf2_ros import TransformBroadcaster

from deft_arm_driver.driver import ArmDriver
from deft_arm_driver.errors import ArmFault, CanceledFault, RefusedFault
from deft_arm_driver.session import ArmSession, Report
from deft_core import interchange
from deft_core.errors import DeftError, Unreachable
from deft_core.hand import load_hand
from deft_core.kinematics import flange_pose
from deft_core.realtime import ask_for_priority
from deft_core.workcell import load_workcell
from deft_msgs.action import FollowWristTrajectory, MoveToPose
from deft_msgs.srv import Enable

EEF_FRAME = "link_eef"
JOINT_NAMES = [f"joint{i}" for i in range(1, 7)]
_FEEDBACK_S = 0.05


class ArmNode(Node):
    """The graph's view of one arm."""

    def __init__(self) -> None:
        super().__init__("arm_node")
        self._declare("workcell", "twin", "Workcell: twin, lab, or the path of a YAML file.")
        self._declare("time_scale", 0.0, "Robot seconds a wall second; 0 takes the workcell's.", 0.0, 50.0)
        self._declare("connect_timeout_s", 30.0, "How long to wait for the controller to answer, s.", 0.1, 600.0)
        self._declare("joint_state_hz", 50.0, "Greatest rate of /arm/joint_states and of tf, Hz.", 1.0, 100.0)
        scale = float(self.get_parameter("time_scale").value)
        cell = load_workcell(self.get_parameter("workcell").value, scale or None)
        self._state_every_s = 1.0 / float(self.get_parameter("joint_state_hz").value)
        self._state_due_s = 0.0
        self.failure = ""
        self._states = self.create_publisher(JointState, "/arm/joint_states", 10)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._tf = TransformBroadcaster(self)
        self.driver = ArmDriver(cell, load_hand(cell.hand.model), ArmSession(cell.arm, self._publish_state))
        self.driver.connect(float(self.get_parameter("connect_timeout_s").value), alive=rclpy.ok)
        alone = MutuallyExclusiveCallbackGroup
        # The stop has a group of its own: nothing else that runs here can keep it waiting.
        self.create_subscription(Empty, "/deft/stop", self._stop, 10, callback_group=alone())
        self.create_service(Enable, "/arm/enable", self._enable, callback_group=alone())
        self.create_timer(1.0, self._publish_diagnostics, callback_group=alone())
        group = ReentrantCallbackGroup()
        self._servers = [
            ActionServer(
                self,
                kind,
                name,
                execute_callback=execute,
                goal_callback=self._accept,
                cancel_callback=lambda handle: CancelResponse.ACCEPT,
                callback_group=group,
            )
            for kind, name, execute in (
                (MoveToPose, "/arm/move_to_pose", self._move),
                (FollowWristTrajectory, "/arm/follow_wrist_trajectory", self._follow),
            )
        ]
        where = f"{cell.arm.host}:{cell.arm.control_port}"
        self.get_logger().info(f"arm up: {cell.kind} controller at {where}, {cell.arm.control_hz:.0f} Hz; not enabled")

    def _declare(self, name: str, default: object, text: str, low: float = 0.0, high: float = 0.0) -> None:
        descriptor = ParameterDescriptor(description=text, read_only=True)
        if high > low:
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high, step=0.0)]
        self.declare_parameter(name, default, descriptor)

    # -- state -----------------------------------------------------------------------------------------------------

    def _publish_state(self, report: Report) -> None:
        """Publish a report; called on the SDK's thread."""
        if report.monotonic_s < self._state_due_s or not rclpy.ok():
            return
        self._state_due_s = max(self._state_due_s + self._state_every_s, report.monotonic_s)
        now = self.get_clock().now().to_msg()
        state = JointState()
        state.header.stamp, state.header.frame_id = now, interchange.BASE_FRAME
        state.name = JOINT_NAMES
        state.position = [float(v) for v in report.q]
        state.effort = [float(v) for v in report.torque_nm]
        self._states.publish(state)
        transform = TransformStamped()
        transform.header.stamp, transform.header.frame_id = now, interchange.BASE_FRAME
        transform.child_frame_id = EEF_FRAME
        interchange.fill_transform(transform.transform, flange_pose(report.q))
        self._tf.sendTransform(transform)

    def _publish_diagnostics(self) -> None:
        session = self.driver.session
        if not session.connected:
            self.failure = f"the connection to the arm's controller at {self.driver.cell.arm.host} is lost"
            rclpy.try_shutdown()
            return
        try:
            error, warning = session.codes()
            report = session.report
            values: dict[str, object] = {
                "error": error,
                "warning": warning,
                "state": report.state,
                "mode": report.mode,
            }
        except DeftError as fault:
            error, values = -1, {"fault": fault}
        status = DiagnosticStatus(name="arm_node: controller", hardware_id=self.driver.cell.arm.host)
        disabled, age = self.driver.disabled_by, session.report_age_s()
        values |= {
            "report age (s)": f"{age:.3f}",
            "lost answers": session.lost_answers,
            "moving": self.driver.busy,
            "motion forbidden by": disabled or "nothing",
        }
        bad, odd = bool(error) or age > 1.0, bool(disabled)
        status.level = DiagnosticStatus.ERROR if bad else DiagnosticStatus.WARN if odd else DiagnosticStatus.OK
        status.message = f"controller error {error}" if error else disabled or "ready"
        status.values = [KeyValue(key=k, value=str(v)) for k, v in values.items()]
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    # -- commands --------------------------------------------------------------------------------------------------

    def _stop(self, _: Empty) -> None:
        self.driver.disable("stopped by /deft/stop")
        self.get_logger().warn("stopped by /deft/stop; /arm/enable allows motion again")

    def _enable(self, request: Enable.Request, response: Enable.Response) -> Enable.Response:
        if not request.enable:
            self.driver.disable("forbidden by /arm/enable")
            response.success, response.message = True, "motion is forbidden"
            return response
        try:
            response.message, response.success = self.driver.enable(), True
        except DeftError as error:
            response.message, response.success = str(error), False
            self.get_logger().error(f"cannot enable: {error}")
        return response

    def _accept(self, _: Any) -> GoalResponse:
        reason = self.driver.disabled_by or ("the arm is busy with another motion" if self.driver.busy else "")
        if not reason:
            return GoalResponse.ACCEPT
        self.get_logger().warn(f"goal refused: {reason}")
        return GoalResponse.REJECT

    def _move(self, handle: ServerGoalHandle) -> MoveToPose.Result:
        goal, feedback = handle.request, MoveToPose.Feedback()

        def progress(share: float) -> None:
            feedback.progress = float(share)
            interchange.fill_pose(feedback.wrist, self.driver.wrist_pose())
            handle.publish_feedback(feedback)

        def run() -> None:
            T = _pose(goal.target.header.frame_id, goal.target.pose)
            canceled = lambda: handle.is_cancel_requested  # noqa: E731
            self.driver.move(T, goal.straight, goal.speed_mps, goal.speed_radps, _seldom(progress), canceled)

        return self._finish(handle, MoveToPose.Result(), run)

    def _follow(self, handle: ServerGoalHandle) -> FollowWristTrajectory.Result:
        goal, feedback = handle.request, FollowWristTrajectory.Feedback()
        times = np.array(goal.times_s, dtype=float)

        def progress(share: float) -> None:
            feedback.progress = float(share)
            feedback.index = int(np.searchsorted(times, share * times[-1], side="right"))
            handle.publish_feedback(feedback)

        def run() -> None:
            frame = goal.header.frame_id
            poses = np.stack([_pose(frame, pose) for pose in goal.poses]) if goal.poses else np.empty((0, 4, 4))
            self.driver.follow(poses, times, _seldom(progress), lambda: handle.is_cancel_requested)

        return self._finish(handle, FollowWristTrajectory.Result(), run)

    def _finish(self, handle: ServerGoalHandle, result: Any, run: Callable[[], None]) -> Any:
        """Run a motion and say how it ended."""
        result.fault, end = "none", handle.succeed
        try:
            run()
        except CanceledFault as fault:
            result.fault, result.message, end = fault.fault, str(fault), handle.canceled
        except ArmFault as fault:
            result.fault, result.message, end = fault.fault, str(fault), handle.abort
        except Unreachable as fault:
            result.fault, result.message, end = "unreachable", str(fault), handle.abort
        except Exception as error:
            self.driver.disable(f"arm_node failed: {error}")
            result.fault, result.message, end = "device", str(error), handle.abort
        result.success = result.fault == "none"
        if not result.success:
            self.get_logger().warn(f"motion ended: {result.fault}: {result.message}")
        self._fill_reached(result.reached)
        if rclpy.ok():
            end()
        return result

    def _fill_reached(self, reached: PoseStamped) -> None:
        reached.header.stamp, reached.header.frame_id = self.get_clock().now().to_msg(), interchange.BASE_FRAME
        interchange.fill_pose(reached.pose, self.driver.wrist_pose())


def _pose(frame: str, pose: Any) -> np.ndarray:
    if frame != interchange.BASE_FRAME:
        raise RefusedFault(f"the goal is in frame {frame!r}, expected {interchange.BASE_FRAME!r}")
    try:
        return interchange.pose(pose)
    except ValueError as error:
        raise RefusedFault(str(error)) from None


def _seldom(progress: Callable[[float], None]) -> Callable[[float], None]:
    """Pass progress on at the pace of a reader, and the end always."""
    due = [0.0]

    def tell(share: float) -> None:
        now = time.monotonic()
        if now >= due[0] or share >= 1.0:
            due[0] = now + _FEEDBACK_S
            progress(share)

    return tell


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    ask_for_priority()
    rclpy.init(args=args)
    node, failure = None, ""
    try:
        node = ArmNode()
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
        print(f"arm_node: {failure}", file=sys.stderr)
    return 1 if failure else 0


if __name__ == "__main__":
    sys.exit(main())
