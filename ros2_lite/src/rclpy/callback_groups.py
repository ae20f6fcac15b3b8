"""Which callbacks may run at the same time."""

from __future__ import annotations

import weakref
from threading import Lock
from typing import Any


class CallbackGroup:
    """Base of the groups."""

    def __init__(self) -> None:
        super().__init__()
        self.entities: set[weakref.ref[Any]] = set()

    def add_entity(self, entity: Any) -> None:
        """Put a subscription, timer, client, service, guard condition or waitable into the group."""
        self.entities.add(weakref.ref(entity))

    def has_entity(self, entity: Any) -> bool:
        """Is `entity` in the group?"""
        return weakref.ref(entity) in self.entities

    def can_execute(self, entity: Any) -> bool:
        """May the callback of `entity` run now?"""
        raise NotImplementedError

    def beginning_execution(self, entity: Any) -> bool:
        """Get leave to run the callback of `entity`; after True, `ending_execution` must follow."""
        raise NotImplementedError

    def ending_execution(self, entity: Any) -> None:
        """Tell the group that the callback has ended."""
        raise NotImplementedError


class ReentrantCallbackGroup(CallbackGroup):
    """Lets all callbacks run at the same time."""

    def can_execute(self, entity: Any) -> bool:
        """Return True."""
        return True

    def beginning_execution(self, entity: Any) -> bool:
        """Return True."""
        return True

    def ending_execution(self, entity: Any) -> None:
        """Do nothing."""


class MutuallyExclusiveCallbackGroup(CallbackGroup):
    """Lets one callback run at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._active_entity: Any = None
        self._lock = Lock()

    def can_execute(self, entity: Any) -> bool:
        """Is no callback of the group running?"""
        with self._lock:
            return self._active_entity is None

    def beginning_execution(self, entity: Any) -> bool:
        """Take the group for `entity`, unless it is taken."""
        with self._lock:
            if self._active_entity is not None:
                return False
            self._active_entity = entity
            return True

    def ending_execution(self, entity: Any) -> None:
        """Free the group."""
        with self._lock:
            assert self._active_entity is entity
            self._active_entity = None
