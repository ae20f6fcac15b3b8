"""Quality of service that parameters may override."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class QoSOverridingOptions:
    """Which policies parameters may override."""

    def __init__(self, policy_kinds: Iterable[Any], *, callback: Callable[[Any], Any] | None = None,
                 entity_id: str | None = None) -> None:
        self._policy_kinds = list(policy_kinds)
        self._callback = callback
        self._entity_id = entity_id


def _declare_qos_parameters(entity: Any, node: Any, topic: str, qos: Any, options: Any) -> None:
    pass
