"""An accepted goal, as its server sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ros2_lite import goal_states
from ros2_lite.goal_states import GoalEvent

if TYPE_CHECKING:
    from rclpy.action.server import ActionServer


class ServerGoalHandle:
    """An accepted goal, on its server."""

    def __init__(self, action_server: ActionServer, goal_info: Any, goal_request: Any) -> None:
        self._action_server = action_server
        self._goal_info = goal_info
        self._goal_request = goal_request
        self._state: int | None = goal_states.ACCEPTED
        self._lock = threading.Lock()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ServerGoalHandle) and self.goal_id == other.goal_id

    __hash__ = None  # type: ignore[assignment]

    @property
    def request(self) -> Any:
        """The goal."""
        return self._goal_request

    @property
    def goal_id(self) -> Any:
        """The goal's id (unique_identifier_msgs/msg/UUID)."""
        return self._goal_info.goal_id

    @property
    def is_active(self) -> bool:
        """Is the goal not at its end yet?"""
        return self._state is not None and goal_states.is_active(self._state)

    @property
    def is_cancel_requested(self) -> bool:
        """Has a request to cancel it been accepted?"""
        return self._state == goal_states.CANCELING

    @property
    def status(self) -> int:
        """The state (action_msgs/msg/GoalStatus)."""
        state = self._state
        return goal_states.UNKNOWN if state is None else state

    def _update_state(self, event: GoalEvent) -> None:
        with self._lock:
            if self._state is None:
                return
            self._state = goal_states.transition(self._state, event)
            ended = not goal_states.is_active(self._state)
        if ended:
            self._action_server._goal_ended(self)
        self._action_server._publish_status()

    def execute(self, execute_callback: Callable[..., Any] | None = None) -> None:
        """Start the work, with this callback or the server's."""
        # A goal cancelled before it began stays so; its callback still runs, to say that it is cancelled.
        if not self.is_cancel_requested:
            self._update_state(GoalEvent.EXECUTE)
        self._action_server.notify_execute(self, execute_callback)

    def publish_feedback(self, feedback: Any) -> None:
        """Tell the client how far it is."""
        server = self._action_server
        if not isinstance(feedback, server.action_type.Feedback):
            raise TypeError(f"Expected {server.action_type.Feedback}, got {type(feedback)}")
        with self._lock:
            if self._state is None:
                return
            message = server.action_type.Impl.FeedbackMessage()
            message.goal_id = self.goal_id
            message.feedback = feedback
            server._publish(server._feedback_writer, message)

    def succeed(self) -> None:
        """End the goal: done."""
        self._update_state(GoalEvent.SUCCEED)

    def abort(self) -> None:
        """End the goal: failed."""
        self._update_state(GoalEvent.ABORT)

    def canceled(self) -> None:
        """End the goal: cancelled, as asked."""
        self._update_state(GoalEvent.CANCELED)

    def destroy(self) -> None:
        """Forget the goal."""
        with self._lock:
            self._state = None
