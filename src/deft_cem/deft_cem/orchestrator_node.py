"""orchestrator_node: serves /deft/fine_tune, runs the loop over the node graph, and says what it does."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Empty
from std_srvs.srv import SetBool

from deft_cem.announcer import Announcer
from deft_cem.config import RunConfig
from deft_cem.errors import RelabelError, RunStoppedError
from deft_cem.graph_link_node import GraphLink
from deft_cem.graph_workcell import GraphWorkcell
from deft_cem.listener import Control
from deft_cem.loop import FineTuning
from deft_cem.relabel import Relabel, Relabels
from deft_cem.rewards import parse_reward
from deft_cem.trial import Bench
from deft_core.config import validate
from deft_core.demonstration import load_demonstration
from deft_core.errors import ConfigError, DeftError
from deft_core.hand import load_hand
from deft_core.task import load_task
from deft_core.workcell import WorkcellConfig, load_workcell
from deft_msgs import action as actions
from deft_msgs.srv import RelabelEpisode
from deft_ros.one_goal import OneGoal
from deft_ros.process_node import ProcessNode
from deft_ros.run_node import run_node

PARAMETERS = {
    "workcell": ("twin", "Workcell name or YAML path."),
    "time_scale": (0.0, "How many times faster than the clock the twin lives; 0: the workcell file's."),
    "prior_trials": (-1, "Trials with the prior alone on each object; -1: half of the goal's trials."),
    "success_rater": ("", "Who says whether the task succeeded; empty: judge on the twin, else operator."),
    "optimizer_options": ("{}", "Options of the optimiser, JSON."),
    "policy_options": ("{}", "Options of the policy, JSON."),
    "ready_timeout_s": (60.0, "Seconds to wait for the servers a run needs."),
}
# How long an interrupted run may take to stop the robot and close its record, seconds.
SHUTDOWN_S = 8.0
# How long a stop of its own may take to come back to the orchestrator, seconds.
HALT_S = 1.0


class Orchestrator(ProcessNode):
    """Runs one fine-tuning at a time."""

    def __init__(self, began: float) -> None:
        super().__init__("orchestrator_node")
        for name, (value, text) in PARAMETERS.items():
            self.declare_parameter(name, value, ParameterDescriptor(description=text))
        self._began = began
        self.cell: WorkcellConfig = load_workcell(self._value("workcell"), self._value("time_scale") or None)
        self.link = GraphLink(self)
        self._latched: dict[str, Any] = {}
        self._stop = self.create_publisher(Empty, "/deft/stop", 1)
        self._stop_heard = threading.Event()
        # In a group of its own: a run that recovers from a fault must not drive on over somebody's stop.
        alone = MutuallyExclusiveCallbackGroup()
        self.create_subscription(Empty, "/deft/stop", self._on_stop, 10, callback_group=alone)
        self._busy, self._goal = threading.Lock(), OneGoal()
        self._relabels: Relabels | None = None
        group = ReentrantCallbackGroup()
        self.create_service(SetBool, "/deft/pause", self._pause, callback_group=group)
        self.create_service(RelabelEpisode, "/deft/relabel", self._relabel, callback_group=group)
        self._server = ActionServer(
            self,
            actions.FineTune,
            "/deft/fine_tune",
            self._execute,
            goal_callback=self._on_goal,
            cancel_callback=self._on_cancel,
            callback_group=group,
        )

    def _value(self, name: str) -> Any:
        return self.get_parameter(name).value

    def publisher(self, topic: str, kind: Any, depth: int) -> Any:
        """The latched publisher of a topic, made once."""
        if topic not in self._latched:
            qos = QoSProfile(depth=depth, durability=DurabilityPolicy.TRANSIENT_LOCAL)
            self._latched[topic] = self.create_publisher(kind, topic, qos)
        return self._latched[topic]

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._busy.locked()

    def _pause(self, request: Any, response: Any) -> Any:
        (self.link.control.pause if request.data else self.link.control.go_on)()
        response.success, response.message = self.running, "paused before the next try" if request.data else "going on"
        return response

    def _relabel(self, request: Any, response: Any) -> Any:
        asked = Relabel(int(request.index), float(request.reward), bool(request.success), request.rater)
        relabels = self._relabels
        try:
            if relabels is None:
                raise RelabelError("no run is under way")
            response.message, response.success = relabels.ask(request.run_id, asked), True
        except DeftError as error:
            response.message = str(error)
        return response

    def _on_stop(self, _: Empty) -> None:
        self.link.control.stop("stopped by /deft/stop")
        self._stop_heard.set()

    def _on_goal(self, _: Any) -> GoalResponse:
        if not self._goal.take(self.running):
            return GoalResponse.REJECT
        self.link.control = Control()  # a stop or a cancel from here on is this run's
        return GoalResponse.ACCEPT

    def _on_cancel(self, _: Any) -> CancelResponse:
        self.link.control.stop()
        return CancelResponse.ACCEPT

    def _execute(self, goal: Any) -> Any:
        if not self._busy.acquire(blocking=False):
            goal.abort()
            return actions.FineTune.Result(message="another run is under way")
        self._goal.begin()
        result = actions.FineTune.Result()
        try:
            summary = self._run(goal)
        except RunStoppedError as error:
            self.halt()
            result.message = str(error)
            (goal.canceled if goal.is_cancel_requested else goal.abort)()
        except DeftError as error:
            self.halt()
            result.message = str(error)
            goal.abort()
        except Exception as error:  # a bug: say so to the client as well as to the log, and stop the robot
            self.halt()
            self.get_logger().error(f"the run ended on {type(error).__name__}: {error}")
            result.message = f"unexpected {type(error).__name__}: {error}"
            goal.abort()
        else:
            result.success, result.message, result.summary_json = True, "done", json.dumps(summary)
            goal.succeed()
        finally:
            self._relabels = None
            self._busy.release()
            self._goal.end()
        return result

    def wind_down(self) -> None:
        """Stop the run that is under way, and with it the robot; no other begins."""
        self.link.control.stop()
        self._busy.acquire(timeout=SHUTDOWN_S)

    def halt(self) -> None:
        """Stop both drivers; they move again when a run enables them."""
        self._stop_heard.clear()
        self._stop.publish(Empty())
        self._stop_heard.wait(HALT_S)  # it comes back here too, and is not to stop the next run

    def _config(self, asked: Any) -> RunConfig:
        judge = "judge" if self.cell.kind == "twin" else "operator"
        prior_trials = self._value("prior_trials")
        given = {
            "task": asked.task,
            "seed": asked.seed,
            "episodes": asked.episodes,
            "trials": asked.trials,
            "prior_trials": None if prior_trials < 0 else prior_trials,
            "reward": asked.reward or judge,
            "success_rater": self._value("success_rater") or judge,
            "optimizer": asked.optimizer or "cem",
            "optimizer_options": self._options("optimizer_options"),
            "policy": asked.policy or "cvae",
            "policy_options": self._options("policy_options"),
            "workcell": self.cell.name,
            "hand": self.cell.hand.model,
        }
        return validate(given, RunConfig, "goal of /deft/fine_tune")

    def _options(self, name: str) -> Any:
        try:
            return json.loads(self._value(name))
        except ValueError as error:
            raise ConfigError(f"parameter {name} is not JSON: {error}") from None

    def _run(self, goal: Any) -> dict[str, Any]:
        config, link = self._config(goal.request), self.link
        task, hand = load_task(config.task), load_hand(self.cell.hand.model)
        demonstration = load_demonstration(task.demonstration)
        for rater in {*(name for _, name in parse_reward(config.reward)), config.success_rater}:
            link.add_rater(rater)
        link.wait_until_served(self._value("ready_timeout_s"))
        cell = GraphWorkcell(link, self.cell, hand, config.task, config.run_id)
        cell.enable()
        cell.greet(task.instruction)
        hashes = {"prior": cell.prior_hash, "demonstration": demonstration.sha256}
        config = config.model_copy(update={"hashes": hashes})
        cell.run_id = config.run_id
        listener = Announcer(self.publisher, config, task.instruction, cell, goal)
        bench = Bench(cell, cell, task, demonstration, hand, self.cell)
        tuning = FineTuning(
            config,
            bench,
            Path(goal.request.out),
            resume=goal.request.resume,
            listener=listener,
            control=link.control,
            setup_s=time.time() - self._began,
        )
        listener.recall(tuning.record.episodes())
        self._relabels = tuning.relabels
        summary = tuning.run()
        self._began = time.time()  # a next run's setup begins here
        return summary


def process_started() -> float:
    """Host time at which this process began, from the kernel: imports belong to setting up."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        return time.time() - (uptime - int(fields[19]) / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return time.time()


def main(args: list[str] | None = None) -> int:
    """Run the node until it is interrupted; a run under way is stopped, and the robot with it, first."""
    make = partial(Orchestrator, process_started())
    return run_node(make, "orchestrator_node", args, threads=6, outlives_signals=True)


if __name__ == "__main__":
    sys.exit(main())
