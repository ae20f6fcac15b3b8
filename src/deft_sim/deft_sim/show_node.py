"""show: lets the living twin do its task, through the drivers as a run would, and prints the judge's verdicts.

ros2 run deft_sim show --task pour_cup --grasp expert --episodes 3

Wants twin_node, arm_node and hand_node, as `ros2 launch deft twin.launch.py` brings them up.
"""

import argparse
import contextlib
import sys
import time
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import Pose
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from deft_core import interchange
from deft_core.config import whole_name
from deft_core.demonstration import load_demonstration
from deft_core.errors import DeftError, WorkcellError
from deft_core.geometry import Array
from deft_core.motion import HOLD_S, ArmMove, EpisodeMotion, HandShape, WristFollow
from deft_core.planner import ArmPlanner
from deft_core.task import load_task
from deft_core.workcell import WorkcellConfig, load_workcell, scene_seed
from deft_msgs.action import FollowWristTrajectory, MoveToPose, RateEpisode, ResetScene, ShapeHand
from deft_msgs.srv import Enable
from deft_ros.spinning import until_shutdown
from deft_sim.task_scene import OBJECT_SETS
from deft_sim.trials import GRASPS, Setting, setting_for
from deft_sim.workcell import TwinWorkcell

MOVE, FOLLOW, SHAPE = "/arm/move_to_pose", "/arm/follow_wrist_trajectory", "/hand/shape"
RESET, RATE = "/scene/reset", "/judge/rate_episode"
ACTIONS = {
    MOVE: MoveToPose,
    FOLLOW: FollowWristTrajectory,
    SHAPE: ShapeHand,
    RESET: ResetScene,
    RATE: RateEpisode,
}
ENABLE = ("/arm/enable", "/hand/enable")
SERVED_S = 60.0  # how long nodes may take to come up
_RETREAT_M = 0.15
_ENABLE_TRIES = 5


class Show(Node):
    """Asks the drivers, the scene and the judge for one thing after the other."""

    def __init__(self, cell: WorkcellConfig) -> None:
        super().__init__("show")
        self._patience_s = 120.0 / cell.time_scale + 15.0
        self._ask = {name: ActionClient(self, kind, name) for name, kind in ACTIONS.items()}
        self._begun = False
        self._allow = {name: self.create_client(Enable, name) for name in ENABLE}
        self._wrist: Array | None = None

    def wait_until_served(self) -> None:
        """Wait for the nodes."""
        deadline = time.monotonic() + SERVED_S
        waits = {name: client.wait_for_server for name, client in self._ask.items()}
        waits |= {name: client.wait_for_service for name, client in self._allow.items()}
        for name, wait in waits.items():
            if not wait(timeout_sec=max(0.1, deadline - time.monotonic())):
                raise WorkcellError(f"nobody serves {name}; bring the twin up: ros2 launch deft twin.launch.py")

    def _result(self, future: Any, what: str) -> Any:
        rclpy.spin_until_future_complete(self, future, timeout_sec=self._patience_s)
        if not future.done():
            raise WorkcellError(f"{what} gave no answer in {self._patience_s:.0f} s")
        return future.result()

    def ask(self, name: str, goal: Any) -> Any:
        """Send a goal and wait for its result."""
        handle = self._result(self._ask[name].send_goal_async(goal), name)
        if not handle.accepted:
            raise WorkcellError(f"{name} refused the goal: it is busy")
        return self._result(handle.get_result_async(), name).result

    def enable(self) -> None:
        """Allow motion, recovering the devices where needed; after the first time, no stop is taken back."""
        request = Enable.Request(enable=True, after_fault_only=self._begun)
        for name, client in self._allow.items():
            for _ in range(_ENABLE_TRIES):  # a window that opens can keep the twin from answering its drivers in time
                answer = self._result(client.call_async(request), name)
                if answer.success:
                    break
                time.sleep(1.0)
            else:
                raise WorkcellError(f"{name}: {answer.message}")
        self._begun = True

    def move(self, T_base_wrist: Any, straight: bool) -> str:
        """Bring the wrist to a pose; returns the fault, empty if none."""
        goal = MoveToPose.Goal(straight=straight)
        goal.target.header.frame_id = interchange.BASE_FRAME
        interchange.fill_pose(goal.target.pose, T_base_wrist)
        return self._arm(self.ask(MOVE, goal))

    def _arm(self, result: Any) -> str:
        with contextlib.suppress(ValueError):  # refused before anything moved: no pose was reached
            self._wrist = interchange.pose(result.reached.pose)
        return _fault(result)

    def perform(self, motion: EpisodeMotion) -> str:
        """Carry out the steps; returns the fault that ended them, empty if none."""
        for step in motion:
            if isinstance(step, ArmMove):
                fault = self.move(step.T_base_wrist, step.straight)
            elif isinstance(step, HandShape):
                fault = self.shape(step.joints, step.duration_s)
            else:
                fault = self.follow(step)
            if fault:
                return f"{fault} ({step.label})"
        return ""

    def shape(self, joints: Any, duration_s: float) -> str:
        """Bring the hand to a posture; returns the fault, empty if none."""
        goal = ShapeHand.Goal(joints=np.array(joints, dtype=float), duration_s=float(duration_s))
        return _fault(self.ask(SHAPE, goal))

    def follow(self, step: WristFollow) -> str:
        """Lead the wrist through a step's poses; returns the fault, empty if none."""
        goal = FollowWristTrajectory.Goal()
        goal.header.frame_id = interchange.BASE_FRAME
        goal.poses = [interchange.fill_pose(Pose(), T) for T in step.poses]
        goal.times_s = [float(t) for t in step.times_s]
        return self._arm(self.ask(FOLLOW, goal))

    def home(self, planner: ArmPlanner, cell: WorkcellConfig) -> None:
        """Open the hand, rise where it stands low, and come home."""
        self.enable()
        self.shape(np.zeros(16), cell.hand.close_s)
        T_home = planner.wrist_pose(cell.arm.home_rad)
        if self._wrist is not None and self._wrist[2, 3] < T_home[2, 3] - _RETREAT_M:
            up = self._wrist.copy()
            up[2, 3] += _RETREAT_M
            self.move(up, straight=True)  # where it cannot, the way home may still be free
        for _ in range(3):
            if not (fault := self.move(T_home, straight=False)):
                return
            self.enable()
        raise WorkcellError(f"the arm does not come home: {fault}")


def _fault(result: Any) -> str:
    return "" if result.success else f"{result.fault}: {result.message}"


def _show(node: Show, args: argparse.Namespace) -> None:
    """Do the task as often as asked; for ever if asked 0 times."""
    task, cell = load_task(args.task), load_workcell(args.workcell, args.time_scale or None)
    twin = TwinWorkcell(task, cell, args.seed)  # the same scenes in-process: where the object truly is
    demonstration = load_demonstration(task.demonstration)
    setting = Setting(twin, demonstration, None)
    if args.grasp != "random":
        setting = setting_for(twin, demonstration, args.objects)
    planner = ArmPlanner(cell.arm, twin.hand)
    node.wait_until_served()
    index = successes = 0
    while index < args.episodes or not args.episodes:
        scene = scene_seed(args.seed, "show", args.objects, index)
        node.home(planner, cell)
        answer = node.ask(RESET, ResetScene.Goal(task=args.task, objects=args.objects, seed=scene))
        if not answer.success:
            raise WorkcellError(f"{RESET}: {answer.message}")
        twin.reset(args.objects, scene)
        fault = node.perform(GRASPS[args.grasp](setting, np.random.default_rng([scene, 1])))
        time.sleep(HOLD_S / cell.time_scale)
        rating = node.ask(RATE, RateEpisode.Goal(task=args.task, index=index))
        index, successes = index + 1, successes + rating.success
        word = "success" if rating.success else "failure"
        why = f"  [{fault}]" if fault else ""
        print(f"episode {index}: {word}, reward {rating.reward:.2f} ({rating.message}){why}", flush=True)
    print(f"{task.name}, {args.grasp} grasp, {args.objects} objects: {successes} of {index} succeeded", flush=True)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="show", description="Let the living twin do its task.")
    parser.add_argument("--task", type=whole_name, required=True, help="task name, or path of a task file")
    parser.add_argument("--grasp", choices=list(GRASPS), default="expert")
    parser.add_argument("--objects", choices=OBJECT_SETS, default="train")
    parser.add_argument("--episodes", type=int, default=1, help="how many; 0: until it is stopped")
    parser.add_argument("--seed", type=int, default=0, help="of the scenes")
    parser.add_argument("--workcell", default="twin")
    parser.add_argument("--time_scale", type=float, default=0.0, help="as the twin's; 0: the workcell file's")
    return parser.parse_args(argv)


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    asked = _arguments(remove_ros_args(args=sys.argv if args is None else ["show", *args])[1:])
    rclpy.init(args=args)
    try:
        with until_shutdown():
            _show(Show(load_workcell(asked.workcell, asked.time_scale or None)), asked)
    except DeftError as error:
        print(f"show: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
