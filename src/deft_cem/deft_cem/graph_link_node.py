"""The rclpy half of the orchestrator: goals, requests and frames as the loop's thread wants them, one at a time."""

from __future__ import annotations

import threading
import time
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from rclpy.task import Future

from deft_cem.graph_workcell import ENABLE, FOLLOW, MOVE, PREDICT, RESET, SHAPE, STOP_TRAVELS_S
from deft_cem.listener import Control
from deft_core import interchange
from deft_core.errors import DeftError, WorkcellError
from deft_msgs import action as actions
from deft_msgs import msg as messages
from deft_msgs import srv as services
from deft_ros.action_client import ThreadedActionClient

ACTIONS = {
    MOVE: actions.MoveToPose,
    FOLLOW: actions.FollowWristTrajectory,
    SHAPE: actions.ShapeHand,
    RESET: actions.ResetScene,
}
SERVICES = {PREDICT: services.PredictAffordance, **dict.fromkeys(ENABLE, services.Enable)}
# How long a canceled goal may take to end, host seconds.
CANCEL_S = 5.0


class GraphLink:
    """Goals, requests and frames over rclpy; waits in the loop's thread while the executor's threads work."""

    def __init__(self, node: Node) -> None:
        self._node, self._group = node, ReentrantCallbackGroup()
        self.control = Control()
        self._actions = {name: self._client(kind, name) for name, kind in ACTIONS.items()}
        self._services = {
            name: node.create_client(kind, name, callback_group=self._group) for name, kind in SERVICES.items()
        }
        self._frame: Any = None
        self._frame_came = threading.Condition()
        node.create_subscription(
            messages.RGBDFrame, "/deft/frame", self._on_frame, qos_profile_sensor_data, callback_group=self._group
        )

    def _client(self, kind: Any, name: str) -> ThreadedActionClient:
        return ThreadedActionClient(self._node, kind, name, callback_group=self._group)

    def add_rater(self, rater: str) -> None:
        """Be ready to ask a rater."""
        name = f"/{rater}/rate_episode"
        self._actions.setdefault(name, self._client(actions.RateEpisode, name))

    def missing(self) -> list[str]:
        """Names of actions and services that nobody serves yet."""
        gone = [name for name, client in self._actions.items() if not client.server_is_ready()]
        return gone + [name for name, client in self._services.items() if not client.service_is_ready()]

    def wait_until_served(self, timeout_s: float) -> None:
        """Wait for everything a run needs; WorkcellError names what is missing at the deadline."""
        deadline = time.monotonic() + timeout_s
        while missing := self.missing():
            if time.monotonic() > deadline:
                raise WorkcellError(f"not served after {timeout_s:g} s: {', '.join(missing)}; is its node running?")
            self.wait(0.1)

    def wait(self, seconds: float) -> None:
        """Let host time pass; RunStoppedError when told to stop."""
        self.control.sleep(seconds)
        self.control.check()

    def _done(self, future: Future, patience_s: float | None, what: str) -> Any:
        """Result of a future; RunStoppedError when told to stop, WorkcellError when it takes too long."""
        came = threading.Event()
        future.add_done_callback(lambda _: came.set())
        deadline = None if patience_s is None else time.monotonic() + patience_s
        while not came.wait(0.05):
            self.control.check()
            if deadline is not None and time.monotonic() > deadline:
                raise WorkcellError(f"{what} gave no answer in {patience_s:.0f} s; is its node alive?")
        return future.result()

    def act(self, name: str, goal: Any, patience_s: float | None) -> Any:
        """Send a goal and wait for its result; a stop or a lost patience cancels it."""
        self.control.check()
        client = self._actions[name]
        if not client.server_is_ready() and not client.wait_for_server(timeout_sec=5.0):
            raise WorkcellError(f"nobody serves {name}; is its node alive?")
        handle = self._done(client.send_goal_async(goal), 10.0, name)
        if not handle.accepted:
            self.wait(STOP_TRAVELS_S)
            raise WorkcellError(f"{name} refused the goal: it is busy, or motion is not enabled")
        result = client.result_of(handle)
        try:
            return self._done(result, patience_s, name).result
        except DeftError:
            client.cancel(handle)
            ended = threading.Event()
            result.add_done_callback(lambda _: ended.set())
            ended.wait(CANCEL_S)
            raise

    def call(self, name: str, request: Any, patience_s: float) -> Any:
        """Send a request and wait for its response."""
        self.control.check()
        client = self._services[name]
        if not client.service_is_ready() and not client.wait_for_service(timeout_sec=5.0):
            raise WorkcellError(f"nobody serves {name}; is its node alive?")
        return self._done(client.call_async(request), patience_s, name)

    def _on_frame(self, msg: Any) -> None:
        with self._frame_came:
            self._frame = msg
            self._frame_came.notify_all()

    def frame_after(self, stamp_s: float, patience_s: float) -> Any:
        """Wait for a frame captured after a host time."""
        deadline = time.monotonic() + patience_s
        with self._frame_came:
            while self._frame is None or interchange.seconds(self._frame.header.stamp) <= stamp_s:
                self.control.check()
                if time.monotonic() > deadline:
                    raise WorkcellError(
                        f"no new frame on /deft/frame in {patience_s:g} s; is camera_node up, the camera connected?"
                    )
                self._frame_came.wait(0.1)
            return self._frame
