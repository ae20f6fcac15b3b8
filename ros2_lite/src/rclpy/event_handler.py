"""Quality-of-service events of publishers and subscriptions."""

from __future__ import annotations

from typing import Any


class PublisherEventCallbacks:
    def __init__(self, **kwargs: Any) -> None:
        pass

    def create_event_handlers(self, *args: Any) -> list[Any]:
        return []


class SubscriptionEventCallbacks(PublisherEventCallbacks):
    pass
