"""finetune: asks the orchestrator for a run and prints it, one line an episode; exits 0 when the run is done."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from deft_cem.summary import table
from deft_core.config import whole_name
from deft_msgs.action import FineTune
from deft_ros.action_client import ThreadedActionClient
from deft_ros.spinning import Spinner

EXPECTED = ("camera_node", "affordance_node", "arm_node", "hand_node", "orchestrator_node")
# How long an interrupted run may take to say that it has stopped, seconds.
STOPPING_S = 10.0
# How long it may take to answer that it was asked to: one that was killed stays in the graph for ten seconds more.
CANCEL_S = 3.0
# How long the orchestrator may be gone from the graph before it counts as dead, seconds.
GONE_S = 5.0
# How long nodes that were killed may still be heard of, seconds.
LEASE_S = 15.0


class Client:
    """One goal of /deft/fine_tune."""

    def __init__(self, node: Node, args: argparse.Namespace) -> None:
        self._node, self._args = node, args
        self._client = ThreadedActionClient(node, FineTune, "/deft/fine_tune")
        self.interrupted = threading.Event()
        self._began = time.monotonic()

    def wait_for_nodes(self) -> bool:
        """Print which nodes come up; True once all expected ones have and the orchestrator takes goals."""
        seen: set[str] = set()
        while True:
            for name in sorted(set(self._node.get_node_names()) - seen - {self._node.get_name()}):
                seen.add(name)
                say(f"up: {name} ({time.monotonic() - self._began:.1f} s)")
            missing = [name for name in EXPECTED if name not in seen]
            if not missing and self._client.server_is_ready():
                return self._alone()
            if time.monotonic() - self._began > self._args.timeout:
                what = ", ".join(missing) or "/deft/fine_tune"
                say(f"finetune: not up after {self._args.timeout:g} s: {what}", error=True)
                return False
            if self.interrupted.wait(0.1):
                return False

    def _alone(self) -> bool:
        """Whether there is one graph only: two in one domain would command each other's robot and hear its raters."""
        deadline = time.monotonic() + LEASE_S
        while doubled := [name for name in EXPECTED if self._node.get_node_names().count(name) > 1]:
            if self.interrupted.wait(0.2):
                return False
            if time.monotonic() > deadline:
                domain = os.environ.get("ROS_DOMAIN_ID", "0")
                say(
                    f"finetune: ROS domain {domain} holds another graph ({', '.join(doubled)} twice): stop it, or give "
                    "each its own domain (export ROS_DOMAIN_ID=1)",
                    error=True,
                )
                return False
        return True

    def run(self) -> int:
        """Send the goal and follow it; returns the exit status."""
        a = self._args
        goal = FineTune.Goal(
            task=a.task,
            seed=a.seed,
            episodes=a.episodes,
            trials=a.trials,
            out=str(a.out),
            resume=a.resume,
            reward=a.reward,
            optimizer=a.optimizer,
            policy=a.policy,
        )
        handle = self._wait(self._client.send_goal_async(goal, feedback_callback=self._on_feedback), 10.0)
        if handle is None or not handle.accepted:
            say("finetune: the orchestrator is busy with another run, or gone", error=True)
            return 1
        result = self._client.result_of(handle)
        answer = self._wait(result, None)
        if answer is None and self.interrupted.is_set():
            say("stopping the robot ...")
            if self._wait(self._client.cancel(handle), CANCEL_S, deaf=True) is not None:
                answer = self._wait(result, STOPPING_S, deaf=True)
        return self._report(answer)

    def _wait(self, future: Any, patience_s: float | None, deaf: bool = False) -> Any:
        """Result of a future; None when it takes too long, the orchestrator is gone, or on Ctrl-C (unless deaf)."""
        came = threading.Event()
        future.add_done_callback(lambda _: came.set())
        begun = there = time.monotonic()
        while not came.wait(0.1):
            now = time.monotonic()
            there = now if self._client.server_is_ready() else there
            late = patience_s is not None and now - begun > patience_s
            if late or now - there > GONE_S or (self.interrupted.is_set() and not deaf):
                return None
        return future.result()

    def _on_feedback(self, message: Any) -> None:
        say(message.feedback.line)

    def _report(self, answer: Any) -> int:
        if answer is not None and answer.status == GoalStatus.STATUS_SUCCEEDED:
            say(table(json.loads(answer.result.summary_json)))
            say(f"run folder: {self._args.out}")
            return 0
        if not self.interrupted.is_set() or answer is not None:
            reason = "the orchestrator is gone" if answer is None else answer.result.message
            say(f"finetune: {reason}", error=not self.interrupted.is_set())
        if (self._args.out / "run.sqlite").exists():
            say(f"finished episodes are kept; go on with: {self._args.again or again(self._args)}")
        return 130 if self.interrupted.is_set() else 1


def again(args: argparse.Namespace) -> str:
    """The command that goes on with a run: another seed or optimiser is another run."""
    names = ("task", "seed", "episodes", "trials", "out", "reward", "optimizer", "policy")
    flags = [f"--{name}={getattr(args, name)}" for name in names]
    return shlex.join(["ros2", "run", "deft_cem", "finetune", *flags, "--resume"])


def say(text: str, error: bool = False) -> None:
    """Print at once, also into a pipe."""
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="finetune", description=__doc__)
    parser.add_argument("--task", type=whole_name, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--episodes", type=int, default=30, help="fine-tuning episodes")
    parser.add_argument("--trials", type=int, default=10, help="evaluation trials of the tuned policy on each object")
    parser.add_argument("--out", type=lambda p: Path(p).expanduser().resolve(), required=True, help="run folder")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out")
    parser.add_argument("--reward", default="judge", help="rater that the optimiser hears")
    parser.add_argument("--optimizer", default="cem")
    parser.add_argument("--policy", default="cvae")
    parser.add_argument("--again", default="", help="what to print as the command that goes on with the run")
    parser.add_argument("--timeout", type=float, default=90.0, help="seconds to wait for the nodes")
    return parser.parse_args(arguments)


def main(args: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = parse(remove_ros_args(args if args is not None else sys.argv)[1:])
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    node = Node("finetune")
    client = Client(node, options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: client.interrupted.set())
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    spinner = Spinner(executor, ended=client.interrupted.set)
    spinner.start()
    try:
        if not client.wait_for_nodes():
            return 130 if client.interrupted.is_set() else 1
        return client.run()
    finally:
        spinner.end()
        node.destroy_node()
        rclpy.try_shutdown()
        if spinner.error is not None:
            raise spinner.error


if __name__ == "__main__":
    sys.exit(main())
