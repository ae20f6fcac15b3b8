"""The service by which others learn what a node's types look like."""

from __future__ import annotations

import weakref
from typing import Any

from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_services_default
from rclpy.validate_topic_name import TOPIC_SEPARATOR_STRING
from ros2_lite import idl

START_TYPE_DESCRIPTION_SERVICE_PARAM = "start_type_description_service"


class TypeDescriptionService:
    """Serves `<node>/get_type_description` while the parameter `start_type_description_service` is true."""

    def __init__(self, node: Any) -> None:
        from rcl_interfaces.msg import ParameterDescriptor

        self._node_weak_ref = weakref.ref(node)
        self._service: Any = None
        self.service_name = TOPIC_SEPARATOR_STRING.join((node.get_name(), "get_type_description"))
        if not node.has_parameter(START_TYPE_DESCRIPTION_SERVICE_PARAM):
            node.declare_parameter(
                START_TYPE_DESCRIPTION_SERVICE_PARAM,
                True,
                ParameterDescriptor(
                    type=Parameter.Type.BOOL.value,
                    read_only=True,
                    description="If enabled, start the ~/get_type_description service.",
                ),
            )
        parameter = node.get_parameter(START_TYPE_DESCRIPTION_SERVICE_PARAM)
        self.enabled = bool(parameter.value)
        if self.enabled:
            from type_description_interfaces.srv import GetTypeDescription

            self._service = node.create_service(
                GetTypeDescription,
                self.service_name,
                self._service_callback,
                qos_profile=qos_profile_services_default,
            )

    def destroy(self) -> None:
        """Stop serving."""
        node = self._node_weak_ref()
        if node is not None and self._service is not None:
            node.destroy_service(self._service)
        self._service = None

    @staticmethod
    def _service_callback(request: Any, response: Any) -> Any:
        from ros2_lite.idl.typehash import type_description, type_hash_of

        try:
            known = type_hash_of(request.type_name)
            described = type_description(request.type_name)
        except (idl.InterfaceError, ValueError, KeyError) as error:
            response.failure_reason = f"unknown type: {error}"
            return response
        if request.type_hash and request.type_hash != known:
            response.failure_reason = f"type {request.type_name} has hash {known} here"
            return response
        response.type_description.type_description = _individual(described["type_description"])
        response.type_description.referenced_type_descriptions = [
            _individual(reference) for reference in described["referenced_type_descriptions"]
        ]
        response.successful = True
        return response


def _individual(description: dict[str, Any]) -> Any:
    from type_description_interfaces.msg import Field, FieldType, IndividualTypeDescription

    return IndividualTypeDescription(
        type_name=description["type_name"],
        fields=[Field(name=field["name"], type=FieldType(**field["type"])) for field in description["fields"]],
    )
