"""A node graph without robot: serves all that the orchestrator asks for, from the fake workcell.

    python deft_cem_fake_graph.py        runs until it is told to end

The ROS parameter `arm_fault` is what every straight move answers with; `hold_arm_s` is how long a move takes;
`hears_first` is what it is asked when it has heard of a stop that has not reached the others: enable, goal or motion.
"""

from __future__ import annotations

import contextlib
import threading
import time

import deft_cem_fakes as fakes
import rclpy
from geometry_msgs.msg import Point
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import Empty

from deft_core import interchange
from deft_core.grasp import GraspParameters
from deft_core.observation import RGBDFrame
from deft_core.task import load_task
from deft_core.wrist import grasp_from_wrist_pose
from deft_msgs.action import FollowWristTrajectory, MoveToPose, RateEpisode, ResetScene, ShapeHand
from deft_msgs.msg import RGBDFrame as RGBDFrameMsg
from deft_msgs.srv import Enable, PredictAffordance


class FakeGraph(Node):
    """camera, affordance, arm, hand, scene and judge in one node."""

    def __init__(self) -> None:
        super().__init__("camera_node")
        self.cell = fakes.FakeCell()
        self.cell.reset("train", 1)
        self.declare_parameter("arm_fault", "")
        self.declare_parameter("hold_arm_s", 0.0)
        self.declare_parameter("hears_first", "")
        self.declare_parameter("operated", False)  # a person rates and resets
        self.enabled = {"arm": False, "hand": False}
        self._grasp = fakes.BASE
        self._joints = fakes.BASE[6:]
        group = ReentrantCallbackGroup()
        self._frames = self.create_publisher(RGBDFrameMsg, "/deft/frame", qos_profile_sensor_data)
        self.create_timer(0.03, self._publish, callback_group=group)
        self.create_subscription(Empty, "/deft/stop", self._stop, 1, callback_group=group)
        self.create_service(PredictAffordance, "/deft/predict_affordance", self._predict, callback_group=group)
        for name in self.enabled:
            self.create_service(
                Enable, f"/{name}/enable", lambda q, a, name=name: self._enable(name, q, a), callback_group=group
            )
        for kind, name, serve in (
            (MoveToPose, "/arm/move_to_pose", self._move),
            (FollowWristTrajectory, "/arm/follow_wrist_trajectory", self._follow),
            (ShapeHand, "/hand/shape", self._shape),
            (ResetScene, "/scene/reset", self._reset),
            (RateEpisode, "/judge/rate_episode", self._rate),
        ):
            if self.get_parameter("operated").value and kind in (ResetScene, RateEpisode):
                continue
            taken = self._taken if name == "/arm/move_to_pose" else lambda _: GoalResponse.ACCEPT
            ActionServer(
                self,
                kind,
                name,
                serve,
                callback_group=group,
                goal_callback=taken,
                cancel_callback=lambda _: CancelResponse.ACCEPT,
            )
        self._captures = self._asked = 0
        self._stop_topic = self.create_publisher(Empty, "/deft/stop", 1)

    def _frame(self) -> RGBDFrame:
        self._captures += 1
        frame = self.cell.look()
        return RGBDFrame(
            frame.color, frame.depth_mm, frame.K, frame.distortion, frame.T_base_camera, self._captures, time.time()
        )

    def _publish(self) -> None:
        self._frames.publish(interchange.fill_frame(RGBDFrameMsg(), self._frame()))

    def _stop(self, _: Empty) -> None:
        self.enabled = dict.fromkeys(self.enabled, False)
        print("stopped", flush=True)

    def _hear_first(self, asked: str) -> None:
        """Be stopped, at the ninth time this is asked; the others hear of it later."""
        if asked != self.get_parameter("hears_first").value:
            return
        self._asked += 1
        if self._asked == 9:
            self.enabled = dict.fromkeys(self.enabled, False)
            threading.Timer(0.5, self._stop_topic.publish, (Empty(),)).start()

    def _taken(self, _: object) -> GoalResponse:
        self._hear_first("goal")
        return GoalResponse.ACCEPT if self.enabled["arm"] else GoalResponse.REJECT

    def _enable(self, name: str, request: object, answer: object) -> object:
        if name == "arm":
            self._hear_first("enable")
        answer.success = not (request.after_fault_only and not self.enabled[name])
        self.enabled[name] = bool(request.enable and answer.success)
        return answer

    def _predict(self, request: object, answer: object) -> object:
        seen = self.cell.predict(self._frame(), request.instruction)
        interchange.fill_affordance(answer.affordance, seen, Point, time.time())
        answer.success, answer.fault = True, "none"
        answer.contact_in_wrist, answer.checkpoint_hash = self.cell.contact_in_wrist, "c" * 64
        return answer

    def _move(self, goal: object) -> object:
        result = MoveToPose.Result()
        self._hear_first("motion")
        fault = self.get_parameter("arm_fault").value
        deadline = time.monotonic() + self.get_parameter("hold_arm_s").value
        while time.monotonic() < deadline and not goal.is_cancel_requested:
            time.sleep(0.01)
        if goal.is_cancel_requested:
            goal.canceled()
            result.fault = "canceled"
        elif not self.enabled["arm"]:
            goal.abort()
            result.fault = "stopped"
        elif fault and goal.request.straight:
            goal.abort()
            result.fault, result.message = fault, "as told"
        else:
            T = interchange.pose(goal.request.target.pose)
            if goal.request.straight:
                self._grasp = grasp_from_wrist_pose(T, self.cell.contact_in_wrist, self._joints).vector
            goal.succeed()
            result.success, result.fault = True, "none"
        result.reached = goal.request.target
        return result

    def _follow(self, goal: object) -> object:
        goal.succeed()
        result = FollowWristTrajectory.Result(success=True, fault="none")
        result.reached.pose = goal.request.poses[-1]
        return result

    def _shape(self, goal: object) -> object:
        goal.succeed()
        return ShapeHand.Result(success=True, fault="none", joints=goal.request.joints)

    def _reset(self, goal: object) -> object:
        task = load_task(goal.request.task)  # as the twin does, by what it is told alone
        self.cell.reset(goal.request.objects, goal.request.seed)
        goal.succeed()
        return ResetScene.Result(success=True, message=task.name)

    def _rate(self, goal: object) -> object:
        print(f"rated: {goal.request.phase} {goal.request.index}", flush=True)
        self.cell._executed = GraspParameters.from_vector(self._grasp).vector
        rating = self.cell.rate("judge", None, None)
        goal.succeed()
        return RateEpisode.Result(
            rated=True, reward=rating.reward, success=bool(rating.success), success_known=True, rater="judge"
        )


def main() -> None:
    rclpy.init()
    nodes = [FakeGraph(), *(Node(name) for name in ("affordance_node", "arm_node", "hand_node"))]
    executor = MultiThreadedExecutor(num_threads=6)
    for node in nodes:
        executor.add_node(node)
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        executor.spin()


if __name__ == "__main__":
    main()
