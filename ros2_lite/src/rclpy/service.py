"""Service servers."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.qos import QoSProfile
from ros2_lite import idl
from ros2_lite.dds.library import DDSError
from ros2_lite.dds.services import Replier, RequestId
from ros2_lite.entity import Work
from ros2_lite.service_end import ServiceEnd

# rmw_cyclonedds too gives the asker's reader this long to be discovered before it replies.
MATCH_TIMEOUT_S = 0.1


def send_reply(replier: Replier, header: RequestId, response: Any, name: str, logger: RcutilsLogger) -> None:
    """Send a reply once the asker's reader is matched; a reply sent before would be lost."""
    data = idl.serialize(response, header.pack())
    matched = replier.asker_is_matched(header)
    if matched is False:
        threading.Thread(target=_reply_when_matched, args=(replier, header, data, name, logger), daemon=True).start()
    elif matched:
        try:
            replier.send(data)
        except DDSError as error:
            raise RCLError(f"failed to send response on '{name}': {error}") from error
    # None: the asker has gone, and nobody waits for the answer


def _reply_when_matched(replier: Replier, header: RequestId, data: bytes, name: str, logger: RcutilsLogger) -> None:
    deadline = time.monotonic() + MATCH_TIMEOUT_S
    while time.monotonic() < deadline:
        time.sleep(0.005)
        matched = replier.asker_is_matched(header)
        if matched is None:
            return
        if matched:
            break
    else:
        logger.warning(f"service '{name}': reply to a client whose reader is not discovered yet; it may be lost")
    try:
        replier.send(data)
    except DDSError as error:
        logger.error(f"service '{name}': cannot reply: {error}")


SrvType = TypeVar("SrvType")
SrvTypeRequest = TypeVar("SrvTypeRequest")
SrvTypeResponse = TypeVar("SrvTypeResponse")


class Service(ServiceEnd):
    """Answers requests. Make it with `Node.create_service`."""

    _receives = "request"
    _pair: Replier

    def __init__(
        self,
        service_impl: Replier,
        srv_type: Any,
        srv_name: str,
        callback: Callable[..., Any],
        callback_group: CallbackGroup,
        qos_profile: QoSProfile,
    ) -> None:
        super().__init__(service_impl, srv_type, srv_name, qos_profile, callback_group)
        self.callback = callback

    def _take(self, which: int = 0) -> Work | None:
        taken = self._checked(self._pair.take)
        if taken is None:
            return None
        header, data, _ = taken

        def work() -> Any:
            request = self._read(data, self.srv_type.Request)
            if request is None:
                return None
            response = self.callback(request, self.srv_type.Response())
            if inspect.isawaitable(response):
                return self._respond_later(response, header)
            self.send_response(response, header)
            return None

        return work

    async def _respond_later(self, response: Any, header: RequestId) -> None:
        self.send_response(await response, header)

    def send_response(self, response: Any, header: RequestId) -> None:
        """Send a response; TypeError where it is none of this service's."""
        if not isinstance(response, self.srv_type.Response):
            raise TypeError(
                f"service '{self._service_name}': the callback returned {type(response)}, "
                f"expected {self.srv_type.Response}"
            )
        if not isinstance(header, RequestId):
            raise TypeError(f"expected a request header, got {type(header)}")
        self._require_alive()
        send_reply(self._pair, header, response, self._service_name, self._logger)
