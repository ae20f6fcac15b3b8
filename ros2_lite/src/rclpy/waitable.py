"""Waitables: entities that take and execute in steps of their own, such as action clients and servers."""

from __future__ import annotations

from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.task import Future
from ros2_lite.entity import Entity


class NumberOfEntities:
    """How many entities of each kind a waitable holds."""

    __slots__ = [
        "num_clients",
        "num_events",
        "num_guard_conditions",
        "num_services",
        "num_subscriptions",
        "num_timers",
    ]

    def __init__(
        self,
        num_subs: int = 0,
        num_gcs: int = 0,
        num_timers: int = 0,
        num_clients: int = 0,
        num_services: int = 0,
        num_events: int = 0,
    ) -> None:
        self.num_subscriptions = num_subs
        self.num_guard_conditions = num_gcs
        self.num_timers = num_timers
        self.num_clients = num_clients
        self.num_services = num_services
        self.num_events = num_events

    def _counts(self) -> tuple[int, ...]:
        return (
            self.num_subscriptions,
            self.num_guard_conditions,
            self.num_timers,
            self.num_clients,
            self.num_services,
            self.num_events,
        )

    def __add__(self, other: NumberOfEntities) -> NumberOfEntities:
        return NumberOfEntities(*(a + b for a, b in zip(self._counts(), other._counts(), strict=True)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({', '.join(str(count) for count in self._counts())})>"


class Waitable(Entity):
    """Base of action clients, action servers and event handlers.

    Upstream's way of writing one's own (is_ready, add_to_wait_set) hangs on its C wait set and is not supported.
    """

    def __init__(self, callback_group: CallbackGroup) -> None:
        self.callback_group = callback_group
        self.callback_group.add_entity(self)
        self._futures: list[Future] = []

    def add_future(self, future: Future) -> None:
        """Keep a future whose callbacks the executor is to run."""
        self._futures.append(future)

    def remove_future(self, future: Future) -> None:
        """Keep it no more."""
        if future in self._futures:
            self._futures.remove(future)

    def _unsupported(self) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__}: waitables of one's own are not supported by ros2_lite; "
            "use a guard condition, or ROS 2 itself"
        )

    def is_ready(self, wait_set: Any) -> bool:
        """Not supported."""
        return bool(self._unsupported())

    def take_data(self) -> Any:
        """Not supported."""
        return self._unsupported()

    async def execute(self, taken_data: Any) -> None:
        """Not supported."""
        self._unsupported()

    def get_num_entities(self) -> NumberOfEntities:
        """Count the entities."""
        return NumberOfEntities()

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Not supported."""
        self._unsupported()

    def _conditions(self) -> list[int]:
        return list(self._unsupported())
