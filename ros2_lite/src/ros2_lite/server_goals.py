"""The goals that an action server knows: those that run, and those whose results it still keeps."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from itertools import islice
from typing import Any

from rclpy.task import Future

from ros2_lite import goal_states
from ros2_lite.server_goal_handle import ServerGoalHandle

# The status topic lists the active goals and this many of those that ended last. Upstream lists every goal whose result
# it keeps, which makes each goal slower than the one before.
ENDED_GOALS_IN_STATUS = 4


class ServerGoals:
    """Goals by id, oldest first; every method may be called from any thread."""

    def __init__(self, result_timeout_s: float) -> None:
        self.lock = threading.RLock()
        self._result_timeout_s = result_timeout_s
        self._handles: dict[bytes, ServerGoalHandle] = {}
        self._results: dict[bytes, Future] = {}
        self._ended: OrderedDict[bytes, float] = OrderedDict()  # id -> when the result may be forgotten

    def __contains__(self, goal_id: bytes) -> bool:
        return goal_id in self._handles

    def add(self, goal_id: bytes, handle: ServerGoalHandle) -> None:
        """Keep an accepted goal."""
        with self.lock:
            self._handles[goal_id] = handle
            self._results[goal_id] = Future()

    def result(self, goal_id: bytes) -> Future | None:
        """Return the future of a goal's result; None where the goal is not known, or not any more."""
        with self.lock:
            return self._results.get(goal_id)

    def end(self, handle: ServerGoalHandle) -> None:
        """Note that a goal is at its end: from now on its result is kept for a while."""
        with self.lock:
            self._ended[bytes(handle.goal_id.uuid)] = time.monotonic() + self._result_timeout_s

    def forget_expired(self) -> None:
        """Forget the results that have been kept long enough."""
        now = time.monotonic()
        with self.lock:
            while self._ended:
                goal_id, expiry = next(iter(self._ended.items()))
                future = self._results.get(goal_id)
                if expiry > now or (future is not None and not future.done()):
                    return
                del self._ended[goal_id]
                self._results.pop(goal_id, None)
                handle = self._handles.pop(goal_id, None)
                if handle is not None:
                    handle.destroy()

    def for_status(self) -> list[ServerGoalHandle]:
        """Return the goals that the status topic lists, oldest first."""
        with self.lock:
            newest = islice(reversed(self._ended), ENDED_GOALS_IN_STATUS)
            ended = [self._handles[goal_id] for goal_id in newest if goal_id in self._handles][::-1]
            return ended + self._active()

    def _active(self) -> list[ServerGoalHandle]:
        """The active goals are the newest of `_handles` that have not ended."""
        count = len(self._handles) - len(self._ended)
        found: list[ServerGoalHandle] = []
        for handle in reversed(self._handles.values()):
            if len(found) >= count:
                break
            if handle.is_active:
                found.append(handle)
        return found[::-1]

    def to_cancel(self, info: Any, codes: Any) -> tuple[list[ServerGoalHandle], int]:
        """Pick goals by action_msgs/srv/CancelGoal's rules: an id, all up to a time, or both; neither is all.

        Args:
            info: the request's action_msgs/msg/GoalInfo.
            codes: the response's class, which has the return codes.
        """
        goal_id = bytes(info.goal_id.uuid)
        stamp = (info.stamp.sec, info.stamp.nanosec)
        self.forget_expired()
        with self.lock:
            if any(goal_id) and not any(stamp):
                handle = self._handles.get(goal_id)
                if handle is None:
                    return [], codes.ERROR_UNKNOWN_GOAL_ID
                if not goal_states.is_cancelable(handle.status):
                    return [], codes.ERROR_GOAL_TERMINATED if not handle.is_active else codes.ERROR_NONE
                return [handle], codes.ERROR_NONE
            chosen = [
                handle
                for handle in self._handles.values()
                if goal_states.is_cancelable(handle.status)
                and (
                    not any(stamp)
                    or bytes(handle.goal_id.uuid) == goal_id
                    or (handle._goal_info.stamp.sec, handle._goal_info.stamp.nanosec) <= stamp
                )
            ]
        return chosen, codes.ERROR_NONE

    def destroy(self) -> None:
        """Forget all of them."""
        for handle in list(self._handles.values()):
            handle.destroy()
