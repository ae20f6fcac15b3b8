"""Action clients."""

from __future__ import annotations

import functools
import threading
import uuid
import weakref
from collections.abc import Callable
from typing import Any

from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.client import wait_until
from rclpy.qos import QoSProfile, qos_profile_action_status_default, qos_profile_services_default
from rclpy.task import Future
from rclpy.type_support import check_for_type_support
from rclpy.waitable import NumberOfEntities, Waitable
from ros2_lite import goal_states, idl
from ros2_lite.dds.library import DDSError
from ros2_lite.dds.services import HEADER_SIZE, HeaderError, Requester
from ros2_lite.entity import Work


class ClientGoalHandle:
    """A goal, on its client."""

    def __init__(self, action_client: ActionClient, goal_id: Any, goal_response: Any) -> None:
        self._action_client = action_client
        self._goal_id = goal_id
        self._goal_response = goal_response
        self._status = goal_states.UNKNOWN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ClientGoalHandle) and self._goal_id == other.goal_id

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"ClientGoalHandle <id={self.goal_id.uuid}, accepted={self.accepted}, status={self.status}>"

    @property
    def goal_id(self) -> Any:
        """The goal's id (unique_identifier_msgs/msg/UUID)."""
        return self._goal_id

    @property
    def stamp(self) -> Any:
        """When it was accepted."""
        return self._goal_response.stamp

    @property
    def accepted(self) -> bool:
        """Whether it was accepted."""
        return self._goal_response.accepted

    @property
    def status(self) -> int:
        """The state last heard of (action_msgs/msg/GoalStatus)."""
        return self._status

    def cancel_goal(self) -> Any:
        """Ask that it be cancelled and wait for the answer; not in a callback."""
        return self._action_client._wait(self.cancel_goal_async())

    def cancel_goal_async(self) -> Future:
        """Ask that it be cancelled; the future gets the answer (action_msgs/srv/CancelGoal)."""
        return self._action_client._cancel_goal_async(self)

    def get_result(self) -> Any:
        """Wait for the result; not in a callback."""
        return self._action_client._wait(self.get_result_async())

    def get_result_async(self) -> Future:
        """Ask for the result; the future gets it with the final `status`."""
        return self._action_client._get_result_async(self)


class _Requests:
    """One of the action's three services: requests sent and their futures."""

    def __init__(self, requester: Requester, srv_type: Any) -> None:
        self.requester = requester
        self.srv_type = srv_type
        self.pending: dict[int, tuple[Future, Any]] = {}
        self._lock = threading.Lock()

    def send(self, request: Any, note: Any) -> Future:
        future = Future()
        with self._lock:
            sequence = self.requester.next_sequence()
            data = idl.serialize(request, self.requester.header(sequence))
            self.pending[sequence] = (future, note)
        try:
            self.requester.send(data)
        except DDSError as error:
            self.pending.pop(sequence, None)
            raise RCLError(str(error)) from error
        return future

    def forget(self, future: Future) -> None:
        for sequence, (pending, _) in list(self.pending.items()):
            if pending is future:
                self.pending.pop(sequence, None)


class ActionClient(Waitable):
    """Sends goals to an action server."""

    def __init__(
        self,
        node: Any,
        action_type: Any,
        action_name: str,
        *,
        callback_group: CallbackGroup | None = None,
        goal_service_qos_profile: QoSProfile = qos_profile_services_default,
        result_service_qos_profile: QoSProfile = qos_profile_services_default,
        cancel_service_qos_profile: QoSProfile = qos_profile_services_default,
        feedback_sub_qos_profile: QoSProfile = QoSProfile(depth=10),  # noqa: B008  as upstream; never changed
        status_sub_qos_profile: QoSProfile = qos_profile_action_status_default,
    ) -> None:
        """Make a client of `action_name`."""
        super().__init__(callback_group or node.default_callback_group)
        check_for_type_support(action_type)
        if not node.context.ok():
            raise ValueError("Failed to create action client: the node's context has been shut down")
        self._node = node
        self._action_type = action_type
        self._action_name = action_name
        self._logger = node.get_logger().get_child("action_client")
        name = node.resolve_topic_name(action_name, only_expand=True)
        impl = action_type.Impl

        def ask(part: str, srv_type: Any, qos: QoSProfile) -> _Requests:
            full_name = node.resolve_service_name(f"{name}/_action/{part}")
            return _Requests(node._make_requester(srv_type, full_name, qos), srv_type)

        def hear(part: str, msg_type: Any, qos: QoSProfile) -> Any:
            return node._make_reader(msg_type, node.resolve_topic_name(f"{name}/_action/{part}"), qos)

        self._goals = ask("send_goal", impl.SendGoalService, goal_service_qos_profile)
        self._cancels = ask("cancel_goal", impl.CancelGoalService, cancel_service_qos_profile)
        self._results = ask("get_result", impl.GetResultService, result_service_qos_profile)
        self._feedback_reader = hear("feedback", impl.FeedbackMessage, feedback_sub_qos_profile)
        self._status_reader = hear("status", impl.GoalStatusMessage, status_sub_qos_profile)
        self._goal_handles: dict[bytes, weakref.ref[ClientGoalHandle]] = {}
        self._feedback_callbacks: dict[bytes, Callable[..., Any]] = {}
        node.add_waitable(self)

    # --- the executor's side ---

    def _conditions(self) -> list[int]:
        if self._destroyed:
            return []
        return [
            reader.condition
            for reader in (
                self._goals.requester.reader,
                self._feedback_reader,
                self._status_reader,
                self._cancels.requester.reader,
                self._results.requester.reader,
            )
        ]

    def _take(self, which: int = 0) -> Work | None:
        if which == 0:
            return self._take_response(self._goals, self._on_goal_response)
        if which == 2:
            return self._take_message(self._status_reader, self._action_type.Impl.GoalStatusMessage, self._on_status)
        if which == 3:
            return self._take_response(self._cancels, self._on_response)
        # Feedback comes before the result, so that none is lost that arrived before it.
        feedback = self._take_message(self._feedback_reader, self._action_type.Impl.FeedbackMessage, self._on_feedback)
        if feedback is not None or which == 1:
            return feedback
        return self._take_response(self._results, self._on_result)

    def _take_message(self, reader: Any, msg_type: Any, handle: Callable[[Any], Any]) -> Work | None:
        taken = reader.take()
        return None if taken is None else functools.partial(self._read, reader.topic_name, taken[0], msg_type, handle)

    def _take_response(self, requests: _Requests, handle: Callable[[Future, Any, Any], Any]) -> Work | None:
        try:
            taken = requests.requester.take()
        except HeaderError as error:
            self._logger.error(f"'{requests.requester.reader.topic_name}': response dropped: {error}")
            return None
        if taken is None:
            return None
        sequence, data, _ = taken

        def deliver(response: Any) -> Any:
            future, note = requests.pending.pop(sequence, (None, None))
            if future is None:
                self._logger.warning(
                    f"Ignoring unexpected response on '{requests.requester.reader.topic_name}'. There may be more "
                    f"than one action server for the action '{self._action_name}'"
                )
                return None
            future._set_executor(self._node.executor)
            return handle(future, note, response)

        return functools.partial(
            self._read, requests.requester.reader.topic_name, data, requests.srv_type.Response, deliver, HEADER_SIZE
        )

    def _read(
        self, name: str, data: bytes | memoryview, msg_type: Any, handle: Callable[[Any], Any], skip: int = 0
    ) -> Any:
        try:
            message = idl.deserialize(data, msg_type, skip)
        except idl.CdrError as error:
            self._logger.error(f"'{name}': message dropped: {error}")
            return None
        return handle(message)

    def _on_goal_response(self, future: Future, goal_id: Any, response: Any) -> None:
        goal_handle = ClientGoalHandle(self, goal_id, response)
        key = bytes(goal_id.uuid)
        if response.accepted:
            self._goal_handles[key] = weakref.ref(goal_handle)
        else:
            self._feedback_callbacks.pop(key, None)
        future.set_result(goal_handle)

    @staticmethod
    def _on_response(future: Future, note: Any, response: Any) -> None:
        future.set_result(response)

    def _on_result(self, future: Future, goal_id: Any, response: Any) -> None:
        self._feedback_callbacks.pop(bytes(goal_id.uuid), None)
        future.set_result(response)

    def _on_feedback(self, message: Any) -> Any:
        callback = self._feedback_callbacks.get(bytes(message.goal_id.uuid))
        return None if callback is None else callback(message)

    def _on_status(self, message: Any) -> None:
        for status in message.status_list:
            key = bytes(status.goal_info.goal_id.uuid)
            reference = self._goal_handles.get(key)
            if reference is None:
                continue
            goal_handle = reference()
            if goal_handle is not None:
                goal_handle._status = status.status
            if goal_handle is None or not goal_states.is_active(status.status):
                self._goal_handles.pop(key, None)

    # --- goals ---

    def send_goal(self, goal: Any, **kwargs: Any) -> Any:
        """Send a goal and wait for its result; not in a callback."""
        goal_handle = self._wait(self.send_goal_async(goal, **kwargs))
        return self._wait(self._get_result_async(goal_handle))

    def send_goal_async(
        self, goal: Any, feedback_callback: Callable[..., Any] | None = None, goal_uuid: Any = None
    ) -> Future:
        """Send a goal; the future gets a ClientGoalHandle once the server has accepted or refused it."""
        if not isinstance(goal, self._action_type.Goal):
            raise TypeError(f"Expected {self._action_type.Goal}, got {type(goal)}")
        self._require_alive()
        request = self._action_type.Impl.SendGoalService.Request()
        if goal_uuid is None:
            from unique_identifier_msgs.msg import UUID

            goal_uuid = UUID(uuid=list(uuid.uuid4().bytes))
        request.goal_id = goal_uuid
        request.goal = goal
        if feedback_callback is not None:
            self._feedback_callbacks[bytes(goal_uuid.uuid)] = feedback_callback
        return self._goals.send(request, request.goal_id)

    @staticmethod
    def _require_goal_handle(goal_handle: Any) -> None:
        if not isinstance(goal_handle, ClientGoalHandle):
            raise TypeError(f"Expected type ClientGoalHandle but received {type(goal_handle)}")

    def _cancel_goal_async(self, goal_handle: ClientGoalHandle) -> Future:
        from action_msgs.srv import CancelGoal

        self._require_goal_handle(goal_handle)
        self._require_alive()
        request = CancelGoal.Request()
        request.goal_info.goal_id = goal_handle.goal_id
        return self._cancels.send(request, None)

    def _get_result_async(self, goal_handle: ClientGoalHandle) -> Future:
        self._require_goal_handle(goal_handle)
        self._require_alive()
        request = self._action_type.Impl.GetResultService.Request()
        request.goal_id = goal_handle.goal_id
        return self._results.send(request, goal_handle.goal_id)

    def _wait(self, future: Future) -> Any:
        done = threading.Event()
        future._add_waiter(done.set)
        context = self._node.context
        context._add_interrupt(done.set)
        try:
            done.wait()
        finally:
            context._remove_interrupt(done.set)
        exception = future.exception()
        if exception is not None:
            raise exception
        return future.result()

    def server_is_ready(self) -> bool:
        """Is there a server, with all five of its endpoints?"""
        self._require_alive()
        self._node.context._require_valid("failed to check action server availability")
        return (
            all(r.requester.server_is_ready() for r in (self._goals, self._cancels, self._results))
            and self._feedback_reader.matched_count() > 0
            and self._status_reader.matched_count() > 0
        )

    def wait_for_server(self, timeout_sec: float | None = None) -> bool:
        """Wait for a server; False where time is up, RCLError where the context ends first."""
        return wait_until(self._node.context, self.server_is_ready, timeout_sec)

    # --- the end ---

    def get_num_entities(self) -> NumberOfEntities:
        """Count the entities."""
        return NumberOfEntities(num_subs=2, num_clients=3)

    def _detach(self) -> None:
        if self._destroyed:
            return
        self._destroyed = True
        for requests in (self._goals, self._cancels, self._results):
            requests.requester.close()
        self._feedback_reader.close()
        self._status_reader.close()

    def destroy(self) -> None:
        """Let go of the action; futures that wait get no answer."""
        self._detach()
        self._node.remove_waitable(self)
