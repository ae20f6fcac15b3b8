"""operator: a person at this terminal rates episodes and puts the objects back: `ros2 run deft_cem operator`.

Serves /operator/rate_episode and, unless told `--rate-only` (the twin puts its objects back itself), /scene/reset.
A label can be taken back while the scene is being reset.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import queue
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.utilities import remove_ros_args

from deft_cem.operator.dialogue import Dialogue, Last, Try
from deft_core.config import short_name
from deft_msgs.action import RateEpisode, ResetScene
from deft_msgs.msg import Episode
from deft_msgs.srv import RelabelEpisode
from deft_ros.process_node import ProcessNode
from deft_ros.run_node import run_node

RATER = "operator"
# How long the orchestrator may take to answer a correction, seconds.
ANSWER_S = 5.0


class Interrupted(Exception):
    """The question is no longer asked: its goal was canceled, or the terminal is gone."""


class Terminal:
    """Lines from standard input, to be waited for by whoever asks."""

    def __init__(self) -> None:
        self._lines: queue.Queue[str] = queue.Queue()
        self.closed = False
        threading.Thread(target=self._read, name="terminal", daemon=True).start()

    def _read(self) -> None:
        try:
            if isinstance(sys.stdin, io.TextIOWrapper):  # a slip of the keyboard is asked about, not fatal
                sys.stdin.reconfigure(errors="replace")
            for line in sys.stdin:
                self._lines.put(line)
        finally:
            self.closed = True

    def ask(self, prompt: str, over: Callable[[], bool]) -> str:
        """Show a prompt and wait for a line; Interrupted once `over`, or when no line will come any more."""
        if sys.stdin.isatty():  # what was typed before the question answers nothing
            with contextlib.suppress(queue.Empty):
                while True:
                    self._lines.get_nowait()
        print(prompt, end="", flush=True)
        while not over() and not (self.closed and self._lines.empty()):
            with contextlib.suppress(queue.Empty):
                return self._lines.get(timeout=0.1)
        print("(never mind)", flush=True)
        raise Interrupted


class Operator(ProcessNode):
    """Asks the person at the terminal, one question at a time."""

    def __init__(self, rate_only: bool, compare: bool) -> None:
        super().__init__("operator_node")
        self._terminal = Terminal()
        self._goal: Any = None
        self._asking = threading.Lock()
        self.ended = threading.Event()
        self._dialogue = Dialogue(self._ask, lambda line: print(line, flush=True), self._correct, compare)
        group = ReentrantCallbackGroup()
        self._relabel = self.create_client(RelabelEpisode, "/deft/relabel", callback_group=group)
        served: list[tuple[Any, str, Callable[[Any], Any]]] = [(RateEpisode, f"/{RATER}/rate_episode", self._rate)]
        if not rate_only:
            served.append((ResetScene, "/scene/reset", self._reset))
        self._servers = [
            ActionServer(self, kind, name, serve, cancel_callback=lambda _: CancelResponse.ACCEPT, callback_group=group)
            for kind, name, serve in served
        ]
        latched = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.create_subscription(Episode, "/deft/episode", self._finished, latched, callback_group=group)
        names = ", ".join(name for _, name, _ in served)
        print(f"operator: serving {names}; questions come here (Ctrl-C ends)", flush=True)

    def wind_down(self) -> None:
        """Ask nothing any more; whoever waits for an answer hears that the terminal was closed."""
        self.ended.set()

    def _ask(self, prompt: str) -> str:
        goal = self._goal
        return self._terminal.ask(prompt, lambda: self.ended.is_set() or goal.is_cancel_requested)

    def _finished(self, msg: Any) -> None:
        """Keep scores that were given before this program was started: comparisons go on among them."""
        if msg.phase == "finetune" and msg.rater == RATER:
            self._dialogue.learn(msg.run_id, int(msg.index), float(msg.reward))

    def _rate(self, goal: Any) -> Any:
        asked, result = goal.request, RateEpisode.Result(rater=RATER)

        def answer() -> None:
            label = self._dialogue.rate(short_name(asked.task), Try(asked.run_id, asked.phase, int(asked.index)))
            result.rated, result.redo, result.success_known = label is not None, label is None, label is not None
            if label is not None:
                result.reward, result.success = label.reward, label.success

        return self._serve(goal, result, answer)

    def _reset(self, goal: Any) -> Any:
        asked, result = goal.request, ResetScene.Result()

        def answer() -> None:
            result.success = self._dialogue.reset(short_name(asked.task), asked.objects)
            result.message = "" if result.success else "the operator says that the objects cannot be put back"

        return self._serve(goal, result, answer)

    def _serve(self, goal: Any, result: Any, answer: Callable[[], None]) -> Any:
        with self._asking:
            self._goal = goal
            try:
                answer()
            except Interrupted:
                gone = self.ended.is_set() or self._terminal.closed
                result.message = "the operator's terminal was closed" if gone else "no longer asked"
                (goal.canceled if goal.is_cancel_requested else goal.abort)()
            else:
                goal.succeed()
        return result

    def _correct(self, last: Last) -> str:
        if not self._relabel.service_is_ready():
            return "nobody takes corrections (/deft/relabel): the label stays"
        request = RelabelEpisode.Request(
            run_id=last.of.run_id,
            index=last.of.index,
            reward=last.label.reward,
            success=last.label.success,
            rater=RATER,
        )
        came = threading.Event()
        future = self._relabel.call_async(request)
        future.add_done_callback(lambda _: came.set())
        if not came.wait(ANSWER_S):
            return f"no answer from the orchestrator in {ANSWER_S:g} s: the label may or may not have changed"
        answer = future.result()
        return answer.message if answer.success else f"the label stays: {answer.message}"


def main(args: list[str] | None = None) -> int:
    """Run the command until Ctrl-C; returns the exit status."""
    given = remove_ros_args(args if args is not None else sys.argv)[1:]
    parser = argparse.ArgumentParser(prog="operator", description=__doc__)
    parser.add_argument("--rate-only", action="store_true", help="do not serve /scene/reset: the twin does")
    parser.add_argument("--compare", action="store_true", help="while fine-tuning, ask which of two tries was better")
    options = parser.parse_args(given)
    make = partial(Operator, options.rate_only, options.compare)
    return run_node(make, "operator", args, threads=4, outlives_signals=True)


if __name__ == "__main__":
    sys.exit(main())
