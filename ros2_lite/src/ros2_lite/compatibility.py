"""Which qualities of service fit together, and what 'best available' comes to (rmw_dds_common)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ros2_lite.dds.qos import (
    DURABILITY_TRANSIENT_LOCAL,
    DURABILITY_VOLATILE,
    LIVELINESS_AUTOMATIC,
    LIVELINESS_MANUAL_BY_TOPIC,
    RELIABILITY_BEST_EFFORT,
    RELIABILITY_RELIABLE,
    Profile,
)

OK, WARNING, ERROR = range(3)
_UNKNOWN = {"reliability": (0, 3), "durability": (0, 3), "liveliness": (0, 4)}
# policy: (what a publisher offers too little, what a subscription asks too much, their words)
_RANKS = {
    "reliability": (RELIABILITY_BEST_EFFORT, RELIABILITY_RELIABLE, "best effort", "reliable"),
    "durability": (DURABILITY_VOLATILE, DURABILITY_TRANSIENT_LOCAL, "volatile", "transient local"),
    "liveliness": (LIVELINESS_AUTOMATIC, LIVELINESS_MANUAL_BY_TOPIC, "automatic", "manual by topic"),
}
_INFINITE = 2**63 - 1
_BEST_DURATION = _INFINITE - 1


def check_compatible(publisher: Any, subscription: Any) -> tuple[int, str]:
    """Return (OK, WARNING or ERROR, why) for two `QoSProfile`s; unknown and system-default values only warn."""
    errors: list[str] = []
    for policy, (low, high, low_word, high_word) in _RANKS.items():
        if getattr(publisher, policy) == low and getattr(subscription, policy) == high:
            if policy == "liveliness":
                errors.append("ERROR: Publisher's liveliness is automatic and subscription's is manual by topic;")
            else:
                errors.append(f"ERROR: {low_word.capitalize()} publisher and {high_word} subscription;")
        if policy == "durability":
            _check_duration(publisher.deadline, subscription.deadline, "deadline", errors)
    _check_duration(
        publisher.liveliness_lease_duration,
        subscription.liveliness_lease_duration,
        "liveliness lease duration",
        errors,
    )
    if errors:
        return ERROR, "".join(errors)
    warnings = [
        warning
        for policy in _RANKS
        if (warning := _warning(policy, getattr(publisher, policy), getattr(subscription, policy)))
    ]
    return (WARNING, "".join(warnings)) if warnings else (OK, "")


def _check_duration(offered: Any, requested: Any, what: str, errors: list[str]) -> None:
    if not requested.nanoseconds:
        return
    if not offered.nanoseconds:
        errors.append(f"ERROR: Subscription has a {what}, but publisher does not;")
    elif requested.nanoseconds < offered.nanoseconds:
        than = "publisher deadline" if what == "deadline" else "publisher"
        errors.append(f"ERROR: Subscription {what} is less than {than};")


def _warning(policy: str, offered: Any, requested: Any) -> str | None:
    low, high, low_word, high_word = _RANKS[policy]
    unknown = _UNKNOWN[policy]
    offered_word, requested_word = offered.short_key, requested.short_key
    if offered in unknown and requested in unknown:
        word = "durabilty" if policy == "durability" else policy  # upstream's spelling
        return f"WARNING: Publisher {word} is {offered_word} and subscription {policy} is {requested_word};"
    if offered in unknown and requested == high:
        if policy == "liveliness":
            return f"WARNING: Subscription's liveliness is manual by topic, but publisher's is {offered_word};"
        return f"WARNING: {high_word.capitalize()} subscription, but publisher is {offered_word};"
    if offered == low and requested in unknown:
        if policy == "liveliness":
            return f"WARNING: Publisher's liveliness is automatic, but subscription's is {requested_word};"
        return f"WARNING: {low_word.capitalize()} publisher, but subscription is {requested_word};"
    return None


def resolve_best_available(profile: Profile, peers: Iterable[Profile], is_publisher: bool) -> Profile:
    """Replace 'best available' policies by the best that fits the endpoints now on the other side."""
    peers = list(peers)
    changes: dict[str, int] = {}
    if profile.reliability == 4:
        reliable = is_publisher or all(peer.reliability == RELIABILITY_RELIABLE for peer in peers)
        changes["reliability"] = RELIABILITY_RELIABLE if reliable else RELIABILITY_BEST_EFFORT
    if profile.durability == 4:
        latched = is_publisher or all(peer.durability == DURABILITY_TRANSIENT_LOCAL for peer in peers)
        changes["durability"] = DURABILITY_TRANSIENT_LOCAL if latched else DURABILITY_VOLATILE
    if profile.liveliness == 5:
        manual = [peer.liveliness == LIVELINESS_MANUAL_BY_TOPIC for peer in peers]
        by_topic = any(manual) if is_publisher else all(manual)
        changes["liveliness"] = LIVELINESS_MANUAL_BY_TOPIC if by_topic else LIVELINESS_AUTOMATIC
    for name in ("deadline", "liveliness_lease_duration"):
        if getattr(profile, name) == _BEST_DURATION:
            limits = [value for peer in peers if (value := getattr(peer, name)) < _INFINITE]
            changes[name] = (min if is_publisher else max)(limits, default=0)
    return replace(profile, **changes) if changes else profile  # type: ignore[arg-type]
