"""arm_node: moves the wrist for whoever asks, one motion at a time, through the gate.

Serves /arm/move_to_pose, /arm/follow_wrist_trajectory (actions) and /arm/enable; publishes /arm/joint_states, the
transform base_link -> link_eef and /diagnostics; hears /deft/stop for itself. Motion is forbidden until /arm/enable.
"""

import sys
from typing import Any

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.action.server import ServerGoalHandle
from sensor_msgs.msg import JointState
from tf2_ros import TransformBroadcaster

from deft_arm_driver.controller import Report
from deft_arm_driver.driver import ArmDriver
from deft_arm_driver.session import ArmSession
from deft_core import interchange
from deft_core.errors import DeftError
from deft_core.hand import load_hand
from deft_core.kinematics import flange_pose
from deft_driver.driver import Health
from deft_driver.driver_node import DriverNode
from deft_driver.faults import RefusedFault
from deft_driver.feedback import seldom
from deft_msgs.action import FollowWristTrajectory, MoveToPose
from deft_ros.run_node import run_node

EEF_FRAME = "link_eef"
JOINT_NAMES = [f"joint{i}" for i in range(1, 7)]


class ArmNode(DriverNode):
    """The graph's view of one arm."""

    driver: ArmDriver

    def __init__(self) -> None:
        super().__init__("arm", "controller", states="/arm/joint_states and of tf", most_state_hz=100.0)
        self._tf = TransformBroadcaster(self)
        session = ArmSession(self.cell.arm, self._publish_state)
        self.driver = ArmDriver(self.cell, load_hand(self.cell.hand.model), session)

    def serve(self) -> None:
        """Serve the two ways to move."""
        self.serve_motion(MoveToPose, "/arm/move_to_pose", self._move)
        self.serve_motion(FollowWristTrajectory, "/arm/follow_wrist_trajectory", self._follow)

    def describe(self) -> str:
        """Kind of workcell, the controller's address and the command rate."""
        arm = self.cell.arm
        return f"{self.cell.kind} controller at {arm.host}:{arm.control_port}, {arm.control_hz:.0f} Hz"

    # -- state -----------------------------------------------------------------------------------------------------

    def _publish_state(self, report: Report) -> None:
        """Publish a report; called on the SDK's thread."""
        if not self.state_is_due(report.monotonic_s):
            return
        now = self.get_clock().now().to_msg()
        state = JointState()
        state.header.stamp, state.header.frame_id = now, interchange.BASE_FRAME
        state.name = JOINT_NAMES
        state.position = [float(v) for v in report.q]
        state.effort = [float(v) for v in report.torque_nm]
        self.states.publish(state)
        transform = TransformStamped()
        transform.header.stamp, transform.header.frame_id = now, interchange.BASE_FRAME
        transform.child_frame_id = EEF_FRAME
        interchange.fill_transform(transform.transform, flange_pose(report.q))
        self._tf.sendTransform(transform)

    def lost(self) -> str:
        """Why the controller is out of reach; empty while it is connected."""
        connected = self.driver.session.connected
        return "" if connected else f"the connection to the arm's controller at {self.cell.arm.host} is lost"

    def health(self) -> Health:
        """Ask the controller for its codes; tell how old its last report is."""
        session, values = self.driver.session, dict[str, object]()
        try:
            error, warning = session.codes()
            report = session.report
            values |= {"error": error, "warning": warning, "state": report.state, "mode": report.mode}
        except DeftError as fault:
            error = -1
            values["fault"] = fault
        age = session.report_age_s()
        values |= {"report age (s)": f"{age:.3f}", "spoilt reports": session.spoilt_reports}
        values |= {"lost answers": session.lost_answers}
        message = f"controller error {error}" if error else ""
        return Health(self.cell.arm.host, bool(error) or age > 1.0, message, values)

    # -- motion ----------------------------------------------------------------------------------------------------

    def _move(self, handle: ServerGoalHandle) -> MoveToPose.Result:
        goal, feedback = handle.request, MoveToPose.Feedback()

        def progress(share: float) -> None:
            feedback.progress = float(share)
            interchange.fill_pose(feedback.wrist, self.driver.wrist_pose())
            handle.publish_feedback(feedback)

        def move() -> None:
            T = _pose(goal.target.header.frame_id, goal.target.pose)
            canceled = lambda: handle.is_cancel_requested  # noqa: E731
            self.driver.move(T, goal.straight, goal.speed_mps, goal.speed_radps, seldom(progress), canceled)

        return self.carry_out(handle, MoveToPose.Result(), move)

    def _follow(self, handle: ServerGoalHandle) -> FollowWristTrajectory.Result:
        goal, feedback = handle.request, FollowWristTrajectory.Feedback()
        times = np.array(goal.times_s, dtype=float)

        def progress(share: float) -> None:
            feedback.progress = float(share)
            feedback.index = int(np.searchsorted(times, share * times[-1], side="right"))
            handle.publish_feedback(feedback)

        def move() -> None:
            frame = goal.header.frame_id
            poses = np.stack([_pose(frame, pose) for pose in goal.poses]) if goal.poses else np.empty((0, 4, 4))
            self.driver.follow(poses, times, seldom(progress), lambda: handle.is_cancel_requested)

        return self.carry_out(handle, FollowWristTrajectory.Result(), move)

    def fill_result(self, result: Any) -> None:
        """Write where the wrist is."""
        header = result.reached.header
        header.stamp, header.frame_id = self.get_clock().now().to_msg(), interchange.BASE_FRAME
        interchange.fill_pose(result.reached.pose, self.driver.wrist_pose())


def _pose(frame: str, pose: Any) -> np.ndarray:
    if frame != interchange.BASE_FRAME:
        raise RefusedFault(f"the goal is in frame {frame!r}, expected {interchange.BASE_FRAME!r}")
    try:
        return interchange.pose(pose)
    except ValueError as error:
        raise RefusedFault(str(error)) from None


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    return run_node(ArmNode, "arm_node", args, threads=6, urgent=True)


if __name__ == "__main__":
    sys.exit(main())
