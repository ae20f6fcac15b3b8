"""What a node can ask about actions in the graph."""

from __future__ import annotations

from typing import Any

_MARK = "/_action/feedback"
_TYPE_MARK = "_FeedbackMessage"
NamesAndTypes = list[tuple[str, list[str]]]


def _actions(topics: NamesAndTypes) -> NamesAndTypes:
    """Pick the actions from topics: each has a feedback topic."""
    return [
        (name[: -len(_MARK)], [kind[: -len(_TYPE_MARK)] for kind in types if kind.endswith(_TYPE_MARK)])
        for name, types in topics
        if name.endswith(_MARK)
    ]


def get_action_client_names_and_types_by_node(
    node: Any, remote_node_name: str, remote_node_namespace: str
) -> NamesAndTypes:
    """Return the actions a node is a client of."""
    return _actions(node.get_subscriber_names_and_types_by_node(remote_node_name, remote_node_namespace))


def get_action_server_names_and_types_by_node(
    node: Any, remote_node_name: str, remote_node_namespace: str
) -> NamesAndTypes:
    """Return the actions a node serves."""
    return _actions(node.get_publisher_names_and_types_by_node(remote_node_name, remote_node_namespace))


def get_action_names_and_types(node: Any) -> NamesAndTypes:
    """Return every action with its types."""
    return _actions(node.get_topic_names_and_types())
