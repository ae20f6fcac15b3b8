"""The action ROSTimer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from launch.actions import TimerAction
from launch.events import TimerEvent
from launch.frontend import expose_action
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.utilities.type_utils import perform_typed_substitution

from ..ros_adapters import get_ros_node


@expose_action("ros_timer")
class ROSTimer(TimerAction):
    """Visits entities after a while of ROS time (simulated time after SetUseSimTime), unless it is cancelled before."""

    def __init__(
        self,
        *,
        period: float | SomeSubstitutionsType,
        actions: Iterable[LaunchDescriptionEntity],
        **kwargs: Any,
    ) -> None:
        super().__init__(period=period, actions=actions, **kwargs)

    def describe(self) -> str:
        """Return a description."""
        return f"ROSTimer(period={self.period}, actions=<actions>)"

    async def _wait_to_fire_event(self, context: LaunchContext) -> None:
        assert self._canceled_future is not None and self._completed_future is not None
        loop, node = context.asyncio_loop, get_ros_node(context)
        fired = loop.create_future()

        def fire() -> None:
            if not fired.done():
                fired.set_result(None)

        timer = node.create_timer(
            perform_typed_substitution(context, self.period, float), lambda: loop.call_soon_threadsafe(fire)
        )
        await asyncio.wait([self._canceled_future, fired], return_when=asyncio.FIRST_COMPLETED)
        if not self._canceled_future.done():
            node.destroy_timer(timer)
            await context.emit_event(TimerEvent(timer_action=self))
        self._completed_future.set_result(None)

    def execute(self, context: LaunchContext) -> None:
        """Start to wait."""
        return super().execute(context)
