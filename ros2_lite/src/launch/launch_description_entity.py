"""Base of everything that a launch description can hold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .launch_context import LaunchContext


class LaunchDescriptionEntity:
    """Something that is visited by the launch service: an action or a launch description."""

    def describe(self) -> str:
        """Return a description of this entity."""
        raise NotImplementedError

    def describe_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return the entities that visiting this one is sure to yield."""
        return []

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Return pairs of a condition's description and the entities yielded when it holds."""
        return []

    def visit(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Do what this entity stands for and return the entities to visit next."""
        return None

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        """Return a future that is done when this entity is, or None if visiting it was all."""
        return None
