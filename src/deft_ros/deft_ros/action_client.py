"""An action client that may be used from a thread while an executor spins in another.

rclpy's own sends a request and then notes down that it waits for the answer (Jazzy's `rclpy/action/client.py`,
`send_goal_async`, `_get_result_async`, `_cancel_goal_async`). An executor in another thread can have the answer before
the note: "Ignoring unexpected goal response", and the caller waits for ever.
"""

from __future__ import annotations

import threading
from typing import Any

from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.task import Future


class ThreadedActionClient(ActionClient):
    """`rclpy.action.ActionClient` whose answers wait until what they answer is noted down.

    Use `result_of` and `cancel` in place of the handle's own methods.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._noting = threading.RLock()
        super().__init__(*args, **kwargs)

    def send_goal_async(self, *args: Any, **kwargs: Any) -> Future:
        """As rclpy's."""
        with self._noting:
            return super().send_goal_async(*args, **kwargs)

    def result_of(self, handle: ClientGoalHandle) -> Future:
        """Ask for a goal's result, as `handle.get_result_async` does."""
        with self._noting:
            return handle.get_result_async()

    def cancel(self, handle: ClientGoalHandle) -> Future:
        """Ask for a goal's end, as `handle.cancel_goal_async` does."""
        with self._noting:
            return handle.cancel_goal_async()

    async def execute(self, taken_data: Any) -> None:
        """What the executor calls with answers."""
        with self._noting:  # whoever is sending has noted it down once this is had
            pass
        await super().execute(taken_data)
