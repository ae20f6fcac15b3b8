"""Guard conditions: work that is started by hand, from any thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.context import Context
from rclpy.utilities import get_default_context
from ros2_lite.dds.waitset import GuardCondition as NativeGuardCondition
from ros2_lite.entity import Entity, Work


class GuardCondition(Entity):
    """Calls back once an executor sees that it was triggered."""

    def __init__(
        self,
        callback: Callable[[], Any] | None,
        callback_group: CallbackGroup | None,
        context: Context | None = None,
    ) -> None:
        self._context = get_default_context() if context is None else context
        self._guard = NativeGuardCondition()
        self.callback = callback
        self.callback_group = callback_group

    def _conditions(self) -> list[int]:
        return [] if self._destroyed else [self._guard.handle]

    def _take(self, which: int = 0) -> Work | None:
        self._guard.clear()
        return self.callback

    def trigger(self) -> None:
        """Ask for a call. Triggering again before it comes changes nothing."""
        self._require_alive()
        self._guard.trigger()

    def destroy(self) -> None:
        """Destroy it; users call `Node.destroy_guard_condition`."""
        self._require_alive()
        self._destroyed = True
        self._guard.close()
