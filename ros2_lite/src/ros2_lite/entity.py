"""What an executor sees of subscriptions, clients, services, guard conditions, actions and events.

An entity has a `callback_group`, tells which DDS conditions announce its work, and takes that work in two steps:
`_take()` removes one piece of data from DDS and returns the work to be done with it, a function whose result may be
a coroutine. Nothing else in rclpy knows how waiting is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.exceptions import InvalidHandle

Work = Callable[[], Any]


class Entity:
    """Base of what an executor waits for, and its own `handle`: there is no C object behind it."""

    callback_group: Any = None
    _destroyed = False

    @property
    def handle(self) -> Any:
        """Return the entity itself."""
        return self

    def _require_alive(self) -> None:
        if self._destroyed:
            raise InvalidHandle("cannot use Destroyable because destruction was requested")

    def _conditions(self) -> list[int]:
        """Return the DDS conditions that are true while there is work."""
        return []

    def _take(self, which: int = 0) -> Work | None:
        """Take one piece of work, announced by condition number `which`; None where there is none after all."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        self._require_alive()
        return self

    def __exit__(self, *exc: object) -> None:
        return None
