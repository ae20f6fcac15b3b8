"""Service clients."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

from rclpy.callback_groups import CallbackGroup
from rclpy.context import Context
from rclpy.exceptions import RCLError
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.qos import QoSProfile
from rclpy.task import Future
from ros2_lite import idl
from ros2_lite.dds.library import DDSError
from ros2_lite.dds.services import HEADER_SIZE, HeaderError, Requester
from ros2_lite.entity import Entity, Work

SrvType = TypeVar("SrvType")
SrvTypeRequest = TypeVar("SrvTypeRequest")
SrvTypeResponse = TypeVar("SrvTypeResponse")


class Client(Entity):
    """Asks a service. Make it with `Node.create_client`."""

    _logger = RcutilsLogger("rclpy")
    _executor: Any = None

    def __init__(
        self,
        context: Context,
        client_impl: Requester,
        srv_type: Any,
        srv_name: str,
        qos_profile: QoSProfile,
        callback_group: CallbackGroup,
    ) -> None:
        self.context = context
        self._requester = client_impl
        self.srv_type = srv_type
        self.srv_name = srv_name
        self._service_name = srv_name
        self.qos_profile = qos_profile
        self.callback_group = callback_group
        self._pending_requests: dict[int, Future] = {}
        self._lock = threading.Lock()

    def _conditions(self) -> list[int]:
        return [] if self._destroyed else [self._requester.reader.condition]

    def _take(self, which: int = 0) -> Work | None:
        try:
            taken = self._requester.take()
        except HeaderError as error:
            self._logger.error(f"service '{self._service_name}': response dropped: {error}")
            return None
        if taken is None:
            return None
        sequence, data, _ = taken

        def work() -> None:
            with self._lock:
                future = self._pending_requests.get(sequence)
            if future is None:
                return  # taken back by remove_pending_request
            try:
                response = idl.deserialize(data, self.srv_type.Response, HEADER_SIZE)
            except idl.CdrError as error:
                self._logger.error(f"service '{self._service_name}': response dropped: {error}")
                return
            future._set_executor(self._executor() if self._executor is not None else None)
            future.set_result(response)

        return work

    def call(self, request: Any, timeout_sec: float | None = None) -> Any:
        """Ask and wait for the answer; None where time is up first. Another thread has to spin."""
        if not isinstance(request, self.srv_type.Request):
            raise TypeError(f"Expected {self.srv_type.Request}, got {type(request)}")
        answered = threading.Event()
        future = self.call_async(request)
        future._add_waiter(answered.set)
        self.context._add_interrupt(answered.set)
        try:
            if not answered.wait(timeout_sec) or not future.done():
                self.remove_pending_request(future)
        finally:
            self.context._remove_interrupt(answered.set)
        exception = future.exception()
        if exception is not None:
            raise exception
        return future.result()

    def call_async(self, request: Any) -> Future:
        """Ask; the future gets the response."""
        if not isinstance(request, self.srv_type.Request):
            raise TypeError(f"Expected {self.srv_type.Request}, got {type(request)}")
        self._require_alive()
        future = Future()
        with self._lock:
            sequence = self._requester.next_sequence()
            data = idl.serialize(request, self._requester.header(sequence))
            self._pending_requests[sequence] = future
        future.add_done_callback(self.remove_pending_request)
        try:
            self._requester.send(data)
        except DDSError as error:
            self.remove_pending_request(future)
            raise RCLError(f"failed to send request on '{self._service_name}': {error}") from error
        return future

    def get_pending_request(self, sequence_number: int) -> Future:
        """Return the future of a request that has no answer yet; KeyError where there is none."""
        with self._lock:
            return self._pending_requests[sequence_number]

    def remove_pending_request(self, future: Future) -> None:
        """Forget a request: its future will not get the answer."""
        with self._lock:
            for sequence, pending in self._pending_requests.items():
                if pending is future:
                    del self._pending_requests[sequence]
                    break

    def service_is_ready(self) -> bool:
        """Is there a server?"""
        self._require_alive()
        return self._requester.server_is_ready()

    def wait_for_service(self, timeout_sec: float | None = None) -> bool:
        """Wait for a server; False where time is up or the context ends first."""
        self._require_alive()
        return wait_until(self.context, self._requester.server_is_ready, timeout_sec)

    def configure_introspection(self, clock: Any, service_event_qos_profile: Any, introspection_state: Any) -> None:
        """Publish this service's calls; ros2_lite can only leave that off."""
        from rclpy.service_introspection import ServiceIntrospectionState

        if introspection_state != ServiceIntrospectionState.OFF:
            raise NotImplementedError(
                f"'{self._service_name}': rclpy.client.Client.configure_introspection: "
                "ros2_lite publishes no service events"
            )

    @property
    def service_name(self) -> str:
        """The service, fully qualified and remapped."""
        self._require_alive()
        return self._service_name

    def destroy(self) -> None:
        """Destroy it; users call `Node.destroy_client`."""
        self._require_alive()
        self._destroyed = True
        self._requester.close()


def wait_until(context: Context, predicate: Any, timeout_sec: float | None) -> bool:
    """Wait until something about the graph holds; negative time-outs do not wait."""
    graph = context._graph
    if graph is None:
        return bool(predicate())
    if timeout_sec is not None and timeout_sec != timeout_sec + 1:
        timeout_sec = max(0.0, timeout_sec)
    elif timeout_sec is not None:
        timeout_sec = None  # infinity
    graph.wait_for(lambda: not context.ok() or predicate(), timeout_sec)
    return bool(predicate())
