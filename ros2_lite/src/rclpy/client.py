"""Service clients."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.context import Context
from rclpy.qos import QoSProfile
from rclpy.task import Future
from ros2_lite import idl
from ros2_lite.dds.library import DDSError
from ros2_lite.dds.services import Requester
from ros2_lite.entity import Work
from ros2_lite.service_end import ServiceEnd

SrvType = TypeVar("SrvType")
SrvTypeRequest = TypeVar("SrvTypeRequest")
SrvTypeResponse = TypeVar("SrvTypeResponse")


class Client(ServiceEnd):
    """Asks a service. Make it with `Node.create_client`."""

    _receives = "response"
    _executor: Any = None
    _pair: Requester

    def __init__(
        self,
        context: Context,
        client_impl: Requester,
        srv_type: Any,
        srv_name: str,
        qos_profile: QoSProfile,
        callback_group: CallbackGroup,
    ) -> None:
        super().__init__(client_impl, srv_type, srv_name, qos_profile, callback_group)
        self.context = context
        self._pending_requests: dict[int, Future] = {}
        self._lock = threading.Lock()

    def _take(self, which: int = 0) -> Work | None:
        taken = self._checked(self._pair.take)
        if taken is None:
            return None
        sequence, data, _ = taken

        def work() -> None:
            with self._lock:
                future = self._pending_requests.get(sequence)
            if future is None:
                return  # taken back by remove_pending_request
            response = self._read(data, self.srv_type.Response)
            if response is None:
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
            sequence = self._pair.next_sequence()
            data = idl.serialize(request, self._pair.header(sequence))
            self._pending_requests[sequence] = future
        future.add_done_callback(self.remove_pending_request)
        try:
            self._pair.send(data)
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
        self.context._require_valid("failed to check service availability")
        return self._pair.server_is_ready()

    def wait_for_service(self, timeout_sec: float | None = None) -> bool:
        """Wait for a server; False where time is up, RCLError where the context ends first."""
        self._require_alive()
        return wait_until(self.context, self.service_is_ready, timeout_sec)


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
