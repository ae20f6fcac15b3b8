"""What a node and its topics and services are called, with the remapping rules of the command line."""

from __future__ import annotations

from typing import Any

from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name
from rclpy.validate_topic_name import validate_topic_name

from ros2_lite.arguments import RosArguments
from ros2_lite.rosnames import remap_name, remap_node


class NodeNames:
    """The part of `rclpy.node.Node` that concerns names."""

    _name: str
    _namespace: str
    _local_arguments: RosArguments
    _global_arguments: RosArguments

    def _rules(self) -> list[Any]:
        return self._local_arguments.remaps + self._global_arguments.remaps

    def _names(self, name: str, namespace: str) -> tuple[str, str]:
        validate_node_name(name)
        if not namespace.startswith("/"):
            namespace = "/" + namespace
        validate_namespace(namespace)
        new_namespace = remap_node(self._rules(), "namespace", name)
        new_name = remap_node(self._rules(), "node", name)
        if new_namespace is not None:
            validate_namespace(new_namespace)
        return new_name or name, new_namespace or namespace

    def get_name(self) -> str:
        """Return the node's name."""
        return self._name

    def get_namespace(self) -> str:
        """Return the node's namespace."""
        return self._namespace

    def get_fully_qualified_name(self) -> str:
        """Return namespace and name."""
        return f"{'' if self._namespace == '/' else self._namespace}/{self._name}"

    def resolve_topic_name(self, topic: str, *, only_expand: bool = False) -> str:
        """Return a topic's fully qualified name, remapped unless `only_expand`."""
        return self._resolve(topic, only_expand, is_service=False)

    def resolve_service_name(self, service: str, *, only_expand: bool = False) -> str:
        """Return a service's fully qualified name, remapped unless `only_expand`."""
        return self._resolve(service, only_expand, is_service=True)

    def _resolve(self, name: str, only_expand: bool, is_service: bool) -> str:
        validate_topic_name(name, is_service=is_service)
        full_name = expand_topic_name(name, self._name, self._namespace)
        validate_full_topic_name(full_name, is_service=is_service)
        return full_name if only_expand else self._remap(full_name, is_service)

    def _remap(self, full_name: str, is_service: bool) -> str:
        return remap_name(self._rules(), full_name, self._name, self._namespace, is_service)
