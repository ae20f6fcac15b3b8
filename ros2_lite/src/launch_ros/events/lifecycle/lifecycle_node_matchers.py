"""The older place of `launch_ros.events.matches_node_name`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import matchers

if TYPE_CHECKING:
    from ...actions import Node


def matches_node_name(node_name: str) -> Callable[[Node], bool]:
    """Return a matcher of the nodes with a fully qualified name."""
    warnings.warn("use launch_ros.events.matches_node_name instead of that of 'lifecycle'", stacklevel=2)
    return matchers.matches_node_name(node_name)
