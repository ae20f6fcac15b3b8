"""Names of nodes and namespaces, and rules that change names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import overload

from launch.launch_context import LaunchContext
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions

from ..remap_rule_type import RemapRule, SomeRemapRule, SomeRemapRules


def is_root_namespace(ns: str) -> bool:
    """Return whether a namespace is the root."""
    return ns == "/"


def is_namespace_absolute(ns: str) -> bool:
    """Return whether a namespace starts at the root."""
    return ns.startswith("/")


def prefix_namespace(base_ns: str | None, ns: str | None) -> str | None:
    """Put a namespace into another, unless it is absolute."""
    if ns is None:
        combined = base_ns
    elif not base_ns or is_namespace_absolute(ns):
        combined = ns
    else:
        combined = f"{'' if is_root_namespace(base_ns) else base_ns}/{ns}"
    if combined is None or is_root_namespace(combined):
        return combined
    return combined.rstrip("/")


@overload
def make_namespace_absolute(ns: str) -> str: ...
@overload
def make_namespace_absolute(ns: None) -> None: ...
@overload
def make_namespace_absolute(ns: str | None) -> str | None: ...
def make_namespace_absolute(ns: str | None) -> str | None:
    """Have a namespace start at the root."""
    return ns if ns is None or is_namespace_absolute(ns) else f"/{ns}"


def normalize_remap_rule(remap_rule: SomeRemapRule) -> RemapRule:
    """Return both sides of a rule as substitutions."""
    ensure_argument_type(remap_rule, tuple, "remap_rule")
    if len(remap_rule) != 2:
        raise TypeError(f"remap_rule must be a tuple of length 2, got length {len(remap_rule)}")
    source, target = (tuple(normalize_to_list_of_substitutions(side)) for side in remap_rule)
    return source, target


def normalize_remap_rules(remap_rules: SomeRemapRules) -> Iterator[RemapRule]:
    """Normalize several rules."""
    yield from map(normalize_remap_rule, remap_rules)


def add_node_name(context: LaunchContext, node_name: str) -> None:
    """Count a node."""
    counts: Counter[str] = context.get_locals_as_dict().get("unique_ros_node_names") or Counter()
    counts[node_name] += 1
    context.extend_globals({"unique_ros_node_names": counts})


def get_node_name_count(context: LaunchContext, node_name: str) -> int:
    """Return how many nodes of a name were launched."""
    counts: Counter[str] = context.get_locals_as_dict().get("unique_ros_node_names") or Counter()
    return counts[node_name]
