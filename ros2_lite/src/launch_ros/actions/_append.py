"""Add to a list that the nodes launched afterwards will see."""

from __future__ import annotations

from typing import Any

from launch import LaunchContext


def _append(context: LaunchContext, key: str, items: list[Any]) -> None:
    # A new list: a group's scope has a copy of the configurations, but not of the lists in it.
    context.launch_configurations[key] = [*context.launch_configurations.get(key, ()), *items]
