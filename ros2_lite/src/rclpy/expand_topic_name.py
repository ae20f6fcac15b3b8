"""Names of topics and services made fully qualified."""

from __future__ import annotations

from ros2_lite.rosnames import expand, namespace_fault, node_fault, topic_fault


def expand_topic_name(topic_name: str, node_name: str, node_namespace: str) -> str:
    """Expand a name for a node; ValueError where one of the three breaks the rules."""
    for name, fault in (
        (topic_name, topic_fault(topic_name)),
        (node_name, node_fault(node_name)),
        (node_namespace, namespace_fault(node_namespace)),
    ):
        if fault is not None:
            raise ValueError(f"'{name}': {fault[0]}")
    return expand(topic_name, node_name, node_namespace)
