"""What the two ends of a service, client and server, have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.qos import QoSProfile

from ros2_lite import idl
from ros2_lite.dds.services import HEADER_SIZE, HeaderError, Replier, Requester
from ros2_lite.entity import Entity


class ServiceEnd(Entity):
    """A client or a server: a pair of endpoints, a type, a name and a group."""

    _logger = RcutilsLogger("rclpy")
    _receives: str  # what comes in, for messages: 'request' or 'response'

    def __init__(
        self,
        pair: Requester | Replier,
        srv_type: Any,
        srv_name: str,
        qos_profile: QoSProfile,
        callback_group: CallbackGroup,
    ) -> None:
        self._pair = pair
        self.srv_type = srv_type
        self.srv_name = srv_name
        self._service_name = srv_name
        self.qos_profile = qos_profile
        self.callback_group = callback_group

    def _conditions(self) -> list[int]:
        return [] if self._destroyed else [self._pair.reader.condition]

    def _drop(self, error: Exception) -> None:
        self._logger.error(f"service '{self._service_name}': {self._receives} dropped: {error}")

    def _checked(self, take: Callable[[], Any]) -> Any:
        """Take from DDS; None where there is nothing, or something without a header."""
        try:
            return take()
        except HeaderError as error:
            self._drop(error)
            return None

    def _read(self, data: bytes | memoryview, cls: type) -> Any:
        """Read what came in; None where it is no such message."""
        try:
            return idl.deserialize(data, cls, HEADER_SIZE)
        except idl.CdrError as error:
            self._drop(error)
            return None

    def configure_introspection(self, clock: Any, service_event_qos_profile: Any, introspection_state: Any) -> None:
        """Publish this service's calls; ros2_lite can only leave that off."""
        from rclpy.service_introspection import ServiceIntrospectionState

        if introspection_state != ServiceIntrospectionState.OFF:
            cls = type(self)
            raise NotImplementedError(
                f"'{self._service_name}': {cls.__module__}.{cls.__name__}.configure_introspection: "
                "ros2_lite publishes no service events"
            )

    @property
    def service_name(self) -> str:
        """The service, fully qualified and remapped."""
        self._require_alive()
        return self._service_name

    def destroy(self) -> None:
        """Destroy it; users call `Node.destroy_client` or `Node.destroy_service`."""
        self._require_alive()
        self._destroyed = True
        self._pair.close()
