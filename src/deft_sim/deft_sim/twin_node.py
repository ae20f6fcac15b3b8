"""twin_node: the living twin and its devices; resets scenes and judges episodes for the graph."""

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.action import ActionServer, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup

from deft_core.config import short_name
from deft_core.errors import ConfigError, DeftError, WorkcellError
from deft_core.task import load_task
from deft_core.workcell import load_workcell
from deft_msgs.action import RateEpisode, ResetScene
from deft_msgs.srv import InjectFault
from deft_ros.process_node import ProcessNode
from deft_ros.run_node import run_node
from deft_sim.devices.injection import inject
from deft_sim.devices.workcell_devices import WorkcellDevices
from deft_sim.live import LiveTwin
from deft_sim.view.onlooker import Onlooker, onlooker

PARAMETERS = {
    "task": ("pick_cup", "Task whose objects stand on the table first."),
    "workcell": ("twin", "Workcell name or YAML path; of kind twin."),
    "time_scale": (0.0, "How many times faster than the clock the twin lives; 0: the workcell file's."),
    "seed": (0, "Seed of the hand-eye calibration error."),
    "view": (False, "Show the twin: in a window where there is a screen, else as a film of every episode."),
    "films": ("films", "Folder for the films."),
}


class TwinNode(ProcessNode):
    """Serves /scene/reset, /judge/rate_episode and /twin/inject_fault, and publishes diagnostics."""

    def __init__(self) -> None:
        super().__init__("twin_node")
        for name, (value, text) in PARAMETERS.items():
            self.declare_parameter(name, value, ParameterDescriptor(description=text))
        cell = load_workcell(self._value("workcell"), self._value("time_scale") or None)
        if cell.kind != "twin":
            raise WorkcellError(f"workcell {cell.name} is of kind {cell.kind}: twin_node serves only twins")
        seed = int(self._value("seed"))
        if seed < 0:
            raise ConfigError(f"seed {seed}: it is 0 or more")
        self.twin = LiveTwin(load_task(self._value("task")), cell, seed)
        self._devices = WorkcellDevices(self.twin, seed)
        self._onlooker: Onlooker | None = None
        if self._value("view"):
            films = Path(self._value("films")).expanduser()
            self._onlooker = onlooker(films, self.get_logger().info, cell.time_scale)
            watch = self._onlooker.tick
            self.twin.attach(lambda: watch(self.twin.world))
        self._busy = threading.Lock()
        self._devices.__enter__()
        group = ReentrantCallbackGroup()
        self._servers = [
            ActionServer(
                self, ResetScene, "/scene/reset", self._reset, goal_callback=self._on_goal, callback_group=group
            ),
            ActionServer(self, RateEpisode, "/judge/rate_episode", self._rate, callback_group=group),
        ]
        self.create_service(InjectFault, "/twin/inject_fault", self._inject, callback_group=group)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_timer(1.0, self._report)
        self.get_logger().info(
            f"twin up: arm {cell.arm.host}:{cell.arm.control_port}, hand {cell.hand.port}, "
            f"camera {cell.camera.address}, time scale {cell.time_scale:g}"
        )

    def _value(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _on_goal(self, _: Any) -> GoalResponse:
        return GoalResponse.REJECT if self._busy.locked() else GoalResponse.ACCEPT

    def _reset(self, goal: Any) -> Any:
        asked, result = goal.request, ResetScene.Result()
        with self._busy:
            try:
                seed = int(asked.seed) or int(np.random.default_rng().integers(1, 2**63))
                self.twin.reset(load_task(asked.task), asked.objects, seed)
                if self._onlooker is not None:
                    self._onlooker.begin(f"{short_name(asked.task)}_{asked.objects}", self.twin.world)
            except DeftError as error:
                result.success, result.message = False, str(error)
                goal.abort()
            else:
                result.success, result.message = True, f"{asked.task}, {asked.objects} objects, seed {seed}"
                goal.succeed()
        return result

    def _rate(self, goal: Any) -> Any:
        result = RateEpisode.Result(rater="judge")
        try:
            verdict = self.twin.verdict()
            if self._onlooker is not None:
                self._onlooker.end()
        except DeftError as error:
            result.message = str(error)
            goal.abort()
        else:
            result.rated, result.success_known = True, True
            result.reward, result.success = verdict.reward, verdict.success
            result.message = ", ".join(f"{name} {value:.2f}" for name, value in verdict.terms.items())
            goal.succeed()
        return result

    def _inject(self, asked: InjectFault.Request, answer: InjectFault.Response) -> InjectFault.Response:
        try:
            answer.message = inject(self._devices, asked.device, asked.fault, asked.value, asked.motor_id)
            answer.success = True
        except ValueError as error:
            answer.message = str(error)
        return answer

    def _report(self) -> None:
        trouble = self.twin.failure or self._devices.camera.failure
        late = self.twin.pace < 0.9 * self.twin.cell.time_scale
        status = DiagnosticStatus(name="twin_node: physics", hardware_id="twin")
        status.level = DiagnosticStatus.ERROR if trouble else DiagnosticStatus.WARN if late else DiagnosticStatus.OK
        status.message = trouble or ("slower than asked" if late else "living")
        status.values = [
            KeyValue(key="time scale asked", value=f"{self.twin.cell.time_scale:g}"),
            KeyValue(key="time scale reached", value=f"{self.twin.pace:.2f}"),
            KeyValue(key="exposures", value=str(self._devices.camera.frames)),
        ]
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)
        if trouble:
            self.fail(trouble)

    def close(self) -> None:
        """Close the devices."""
        self._devices.__exit__(None, None, None)
        if self._onlooker is not None:
            self._onlooker.close()


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    return run_node(TwinNode, "twin_node", args, threads=3, urgent=True, mendable=(OSError,))


if __name__ == "__main__":
    sys.exit(main())
