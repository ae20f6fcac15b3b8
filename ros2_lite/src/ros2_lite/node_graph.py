"""What a node can ask about the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy._rclpy_pybind11 import NodeNameNonExistentError
from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name

from ros2_lite.dds import names
from ros2_lite.dds.graph import (
    EndpointInfo,
    Graph,
    NodeEntities,
    demangle_services,
    demangle_topics,
)
from ros2_lite.node_names import NodeNames

if TYPE_CHECKING:
    from rclpy.context import Context

NamesAndTypes = list[tuple[str, list[str]]]


def _sorted(found: dict[str, set[str]]) -> NamesAndTypes:
    return [(name, sorted(found[name])) for name in sorted(found)]


class NodeGraph(NodeNames):
    """The part of `rclpy.node.Node` that concerns other nodes."""

    _graph: Graph
    _context: Context

    def _live_graph(self) -> Graph:
        self._context._require_valid("failed to ask the graph")
        return self._graph

    def get_node_names_and_namespaces_with_enclaves(self) -> list[tuple[str, str, str]]:
        """Return (name, namespace, enclave) of every node in the domain."""
        return [(node.name, node.namespace, enclave) for node, enclave in self._live_graph().nodes()]

    def get_node_names_and_namespaces(self) -> list[tuple[str, str]]:
        """Return (name, namespace) of every node in the domain."""
        return [(node.name, node.namespace) for node, _ in self._live_graph().nodes()]

    def get_node_names(self) -> list[str]:
        """Return the name of every node in the domain."""
        return [node.name for node, _ in self._live_graph().nodes()]

    def get_fully_qualified_node_names(self) -> list[str]:
        """Return namespace and name of every node in the domain."""
        return [_full_name(node) for node, _ in self._live_graph().nodes()]

    def get_topic_names_and_types(self, no_demangle: bool = False) -> NamesAndTypes:
        """Return every topic with its types; `no_demangle` gives DDS's own names, services included."""
        return _sorted(demangle_topics(self._live_graph().endpoints(), no_demangle))

    def get_service_names_and_types(self) -> NamesAndTypes:
        """Return every service with its types."""
        return _sorted(demangle_services(self._live_graph().endpoints()))

    def _endpoints_of(self, node_name: str, node_namespace: str) -> list[EndpointInfo]:
        gids: set[bytes] = set()
        found = False
        for node, _ in self._live_graph().nodes():
            if node.name == node_name and node.namespace == node_namespace:
                found = True
                gids.update(node.readers, node.writers)
        if not found:
            raise NodeNameNonExistentError(
                f"Cannot get topic names and types for nonexistent node: name {node_name}, namespace {node_namespace}"
            )
        return [endpoint for endpoint in self._live_graph().endpoints() if endpoint.gid in gids]

    def get_publisher_names_and_types_by_node(
        self, node_name: str, node_namespace: str, no_demangle: bool = False
    ) -> NamesAndTypes:
        """Return the topics a node publishes; NodeNameNonExistentError where there is no such node."""
        endpoints = self._endpoints_of(node_name, node_namespace)
        return _sorted(demangle_topics([e for e in endpoints if e.is_writer], no_demangle))

    def get_subscriber_names_and_types_by_node(
        self, node_name: str, node_namespace: str, no_demangle: bool = False
    ) -> NamesAndTypes:
        """Return the topics a node subscribes to; NodeNameNonExistentError where there is no such node."""
        endpoints = self._endpoints_of(node_name, node_namespace)
        return _sorted(demangle_topics([e for e in endpoints if not e.is_writer], no_demangle))

    def get_service_names_and_types_by_node(self, node_name: str, node_namespace: str) -> NamesAndTypes:
        """Return the services a node serves; NodeNameNonExistentError where there is no such node."""
        return self._services_of(node_name, node_namespace, server=True)

    def get_client_names_and_types_by_node(self, node_name: str, node_namespace: str) -> NamesAndTypes:
        """Return the services a node is a client of; NodeNameNonExistentError where there is no such node."""
        return self._services_of(node_name, node_namespace, server=False)

    def _services_of(self, node_name: str, node_namespace: str, server: bool) -> NamesAndTypes:
        # A server reads requests; a client reads replies.
        prefix = (names.REQUEST_PREFIX if server else names.REPLY_PREFIX) + "/"
        endpoints = self._endpoints_of(node_name, node_namespace)
        return _sorted(demangle_services([e for e in endpoints if not e.is_writer and e.topic.startswith(prefix)]))

    def _count(self, name: str, dds_name: Callable[[str], str], writers: bool, is_service: bool) -> int:
        full_name = expand_topic_name(name, self.get_name(), self.get_namespace())
        validate_full_topic_name(full_name, is_service=is_service)
        return len(self._live_graph().endpoints_of_topic(dds_name(full_name), writers))

    def count_publishers(self, topic_name: str) -> int:
        """Count a topic's publishers. The name is expanded, not remapped."""
        return self._count(topic_name, names.topic_name, True, False)

    def count_subscribers(self, topic_name: str) -> int:
        """Count a topic's subscriptions. The name is expanded, not remapped."""
        return self._count(topic_name, names.topic_name, False, False)

    def count_clients(self, service_name: str) -> int:
        """Count a service's clients. The name is expanded, not remapped."""
        return self._count(service_name, names.reply_name, False, True)

    def count_services(self, service_name: str) -> int:
        """Count a service's servers. The name is expanded, not remapped."""
        return self._count(service_name, names.reply_name, True, True)

    def get_publishers_info_by_topic(self, topic_name: str, no_mangle: bool = False) -> list[Any]:
        """Return a TopicEndpointInfo for each publisher of a topic; `no_mangle` takes DDS's own name."""
        return self._infos(topic_name, no_mangle, True)

    def get_subscriptions_info_by_topic(self, topic_name: str, no_mangle: bool = False) -> list[Any]:
        """Return a TopicEndpointInfo for each subscription of a topic; `no_mangle` takes DDS's own name."""
        return self._infos(topic_name, no_mangle, False)

    def _infos(self, topic_name: str, no_mangle: bool, writers: bool) -> list[Any]:
        from rclpy.topic_endpoint_info import _from_endpoint

        dds_name = topic_name
        if not no_mangle:
            full_name = expand_topic_name(topic_name, self.get_name(), self.get_namespace())
            validate_full_topic_name(full_name)
            dds_name = names.topic_name(self._remap(full_name, is_service=False))
        return [
            _from_endpoint(endpoint, self._live_graph().node_of(endpoint.gid), no_mangle)
            for endpoint in self._live_graph().endpoints_of_topic(dds_name, writers)
        ]

    def wait_for_node(self, fully_qualified_node_name: str, timeout: float) -> bool:
        """Wait until a node is in the graph; False where time is up first."""
        if not fully_qualified_node_name.startswith("/"):
            fully_qualified_node_name = f"/{fully_qualified_node_name}"

        def there() -> bool:
            return fully_qualified_node_name in self.get_fully_qualified_node_names()

        self._live_graph().wait_for(lambda: not self._context.ok() or there(), timeout)
        return there()


def _full_name(node: NodeEntities) -> str:
    return f"{node.namespace}{'' if node.namespace.endswith('/') else '/'}{node.name}"
