"""Names of nodes, topics, services and their types."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple

HIDDEN_PREFIX = "_"


class NodeName(NamedTuple):
    """A node's name, its namespace, and both together."""

    name: str
    namespace: str
    full_name: str


def is_hidden(name: str) -> bool:
    """Return whether a part of a name says that it is for tools only."""
    return any(part.startswith(HIDDEN_PREFIX) for part in name.split("/"))


def parse_node_name(name: str) -> NodeName:
    """Split a node's name; without namespace it is in the root."""
    full = absolute(name)
    namespace, _, base = full.rpartition("/")
    return NodeName(base, namespace or "/", full)


def absolute(name: str) -> str:
    """Put a '/' before a name, unless it has one."""
    return name if name.startswith("/") else f"/{name}"


def join(namespace: str, name: str) -> str:
    """Put a node's namespace and name together."""
    return f"{namespace.rstrip('/')}/{name}"


def node_names(node: Any, include_hidden: bool = False) -> list[NodeName]:
    """Return the nodes of the graph."""
    return [
        NodeName(name, namespace, join(namespace, name))
        for name, namespace in node.get_node_names_and_namespaces()
        if include_hidden or (name and not name.startswith(HIDDEN_PREFIX))
    ]


def visible(names_and_types: list[tuple[str, list[str]]], include_hidden: bool) -> list[tuple[str, list[str]]]:
    """Leave out what is for tools only."""
    return [pair for pair in names_and_types if include_hidden or not is_hidden(pair[0])]


def topics(node: Any, include_hidden: bool = False) -> list[tuple[str, list[str]]]:
    """Return the topics of the graph with their types."""
    return visible(node.get_topic_names_and_types(), include_hidden)


def services(node: Any, include_hidden: bool = False) -> list[tuple[str, list[str]]]:
    """Return the services of the graph with their types."""
    return visible(node.get_service_names_and_types(), include_hidden)


def actions(node: Any) -> list[tuple[str, list[str]]]:
    """Return the actions of the graph with their types."""
    from rclpy.action import get_action_names_and_types

    names_and_types: list[tuple[str, list[str]]] = get_action_names_and_types(node)
    return names_and_types


def known(names: Callable[[Any], list[tuple[str, list[str]]]], name: str) -> Callable[[Any], bool]:
    """Return whether a node has seen a name, as a function of the node."""
    return lambda node: any(found == name for found, _ in names(node))


def print_types(names_and_types: list[tuple[str, list[str]]], name: str) -> int:
    """Print the types of a name; return 1 if there is none."""
    for found, types in names_and_types:
        if found == name:
            print(*types, sep="\n")
            return 0
    return 1


def print_list(args: argparse.Namespace, names_and_types: list[tuple[str, list[str]]], count: bool) -> None:
    """Print how many names there are, or the names, with types if asked."""
    if count:
        print(len(names_and_types))
        return
    for name, types in names_and_types:
        print(f"{name} [{', '.join(types)}]" if args.show_types else name)


def print_found(names_and_types: list[tuple[str, list[str]]], wanted: str, count: bool) -> None:
    """Print the names with a type, or how many they are."""
    found = [name for name, types in names_and_types if wanted in types]
    if count:
        print(len(found))
    elif found:
        print(*found, sep="\n")
