"""Action servers."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from enum import Enum
from typing import Any

from rclpy._rclpy_pybind11 import RCLError
from rclpy.callback_groups import CallbackGroup
from rclpy.executors import await_or_execute
from rclpy.qos import QoSProfile, qos_profile_action_status_default, qos_profile_services_default
from rclpy.service import send_reply
from rclpy.type_support import check_for_type_support
from rclpy.waitable import NumberOfEntities, Waitable
from ros2_lite import goal_states, idl
from ros2_lite.dds.library import DDSError
from ros2_lite.dds.services import HEADER_SIZE, HeaderError, Replier, RequestId
from ros2_lite.entity import Work
from ros2_lite.goal_states import GoalEvent
from ros2_lite.server_goal_handle import ServerGoalHandle
from ros2_lite.server_goals import ServerGoals

__all__ = [
    "ActionServer",
    "CancelResponse",
    "GoalEvent",
    "GoalResponse",
    "RCLError",
    "ServerGoalHandle",
    "default_cancel_callback",
    "default_goal_callback",
    "default_handle_accepted_callback",
]


class GoalResponse(Enum):
    """What a goal callback answers."""

    REJECT = 1
    ACCEPT = 2


class CancelResponse(Enum):
    """What a cancel callback answers."""

    REJECT = 1
    ACCEPT = 2


def default_handle_accepted_callback(goal_handle: ServerGoalHandle) -> None:
    """Execute the goal."""
    goal_handle.execute()


def default_goal_callback(goal_request: Any) -> GoalResponse:
    """Accept the goal."""
    return GoalResponse.ACCEPT


def default_cancel_callback(cancel_request: Any) -> CancelResponse:
    """Refuse to cancel."""
    return CancelResponse.REJECT


class ActionServer(Waitable):
    """Serves an action."""

    def __init__(
        self,
        node: Any,
        action_type: Any,
        action_name: str,
        execute_callback: Callable[..., Any],
        *,
        callback_group: CallbackGroup | None = None,
        goal_callback: Callable[..., Any] | None = default_goal_callback,
        handle_accepted_callback: Callable[..., Any] | None = default_handle_accepted_callback,
        cancel_callback: Callable[..., Any] | None = default_cancel_callback,
        goal_service_qos_profile: QoSProfile = qos_profile_services_default,
        result_service_qos_profile: QoSProfile = qos_profile_services_default,
        cancel_service_qos_profile: QoSProfile = qos_profile_services_default,
        feedback_pub_qos_profile: QoSProfile = QoSProfile(depth=10),  # noqa: B008  as upstream; never changed
        status_pub_qos_profile: QoSProfile = qos_profile_action_status_default,
        result_timeout: float = 900,
    ) -> None:
        """Serve `action_name`.

        Args:
            node: the node it belongs to.
            action_type: the action.
            action_name: its name.
            execute_callback: `f(goal_handle) -> Result`, function or coroutine function.
            callback_group: of the requests; the node's default group where None.
            goal_callback: `f(goal) -> GoalResponse`; accepts all by default.
            handle_accepted_callback: `f(goal_handle)`; executes at once by default.
            cancel_callback: `f(goal_handle) -> CancelResponse`; refuses by default.
            goal_service_qos_profile: quality of service of the goal service.
            result_service_qos_profile: quality of service of the result service.
            cancel_service_qos_profile: quality of service of the cancel service.
            feedback_pub_qos_profile: quality of service of the feedback.
            status_pub_qos_profile: quality of service of the states.
            result_timeout: seconds for which an ended goal's result is kept.
        """
        super().__init__(callback_group or node.default_callback_group)
        self.register_handle_accepted_callback(handle_accepted_callback)
        self.register_goal_callback(goal_callback)
        self.register_cancel_callback(cancel_callback)
        self.register_execute_callback(execute_callback)
        check_for_type_support(action_type)
        if not node.context.ok():
            raise ValueError("Failed to create action server: the node's context has been shut down")
        self._node = node
        self._action_type = action_type
        self._goals = ServerGoals(result_timeout)
        self._logger = node.get_logger().get_child("action_server")
        self._name = node.resolve_topic_name(action_name, only_expand=True)
        impl = action_type.Impl

        def serve(part: str, srv_type: Any, qos: QoSProfile) -> Replier:
            full_name = node.resolve_service_name(f"{self._name}/_action/{part}")
            return node._make_replier(srv_type, full_name, qos)

        def publish(part: str, msg_type: Any, qos: QoSProfile) -> Any:
            return node._make_writer(msg_type, node.resolve_topic_name(f"{self._name}/_action/{part}"), qos)

        self._goal_service = serve("send_goal", impl.SendGoalService, goal_service_qos_profile)
        self._cancel_service = serve("cancel_goal", impl.CancelGoalService, cancel_service_qos_profile)
        self._result_service = serve("get_result", impl.GetResultService, result_service_qos_profile)
        self._feedback_writer = publish("feedback", impl.FeedbackMessage, feedback_pub_qos_profile)
        self._status_writer = publish("status", impl.GoalStatusMessage, status_pub_qos_profile)
        node.add_waitable(self)

    @property
    def action_type(self) -> Any:
        """The action's type."""
        return self._action_type

    # --- callbacks ---

    def register_handle_accepted_callback(self, handle_accepted_callback: Callable[..., Any] | None) -> None:
        """Replace what is called with each accepted goal's handle; None: execute it."""
        self._handle_accepted_callback = handle_accepted_callback or default_handle_accepted_callback

    def register_goal_callback(self, goal_callback: Callable[..., Any] | None) -> None:
        """Replace what decides about new goals; None: accept."""
        self._goal_callback = goal_callback or default_goal_callback

    def register_cancel_callback(self, cancel_callback: Callable[..., Any] | None) -> None:
        """Replace what decides about cancelling; None: refuse."""
        self._cancel_callback = cancel_callback or default_cancel_callback

    def register_execute_callback(self, execute_callback: Callable[..., Any]) -> None:
        """Replace what does the work."""
        if not callable(execute_callback):
            raise TypeError("Failed to register goal execution callback: not callable")
        self._execute_callback = execute_callback

    # --- the executor's side ---

    def _conditions(self) -> list[int]:
        if self._destroyed:
            return []
        return [
            service.reader.condition for service in (self._goal_service, self._cancel_service, self._result_service)
        ]

    def _take(self, which: int = 0) -> Work | None:
        impl = self._action_type.Impl
        service, srv_type, handle = (
            (self._goal_service, impl.SendGoalService, self._execute_goal_request),
            (self._cancel_service, impl.CancelGoalService, self._execute_cancel_request),
            (self._result_service, impl.GetResultService, self._execute_get_result_request),
        )[which]
        try:
            taken = service.take()
        except HeaderError as error:
            self._drop(service, error)
            return None
        if taken is None:
            return None
        header, data, _ = taken
        return functools.partial(self._answer, service, srv_type, handle, header, data)

    def get_num_entities(self) -> NumberOfEntities:
        """Count the entities."""
        return NumberOfEntities(num_services=3)

    def _drop(self, service: Replier, error: Exception) -> None:
        self._logger.error(f"'{service.reader.topic_name}': request dropped: {error}")

    def _answer(self, service: Replier, srv_type: Any, handle: Any, header: RequestId, data: bytes | memoryview) -> Any:
        try:
            request = idl.deserialize(data, srv_type.Request, HEADER_SIZE)
        except idl.CdrError as error:
            self._drop(service, error)
            return None
        return handle(header, request)

    def _reply(self, service: Replier, header: RequestId, response: Any, what: str) -> bool:
        try:
            send_reply(service, header, response, service.writer.topic_name, self._logger)
        except RCLError:
            self._logger.warning(f"Failed to send {what} response (the client may have gone away)")
            return False
        return True

    def _publish(self, writer: Any, message: Any) -> None:
        try:
            if not writer.closed and self._node.context.ok():
                writer.write(idl.serialize(message))
        except DDSError as error:
            raise RCLError(str(error)) from error

    # --- goals ---

    async def _execute_goal_request(self, header: RequestId, request: Any) -> None:
        from action_msgs.msg import GoalInfo

        goal_id = bytes(request.goal_id.uuid)
        info = GoalInfo(goal_id=request.goal_id)
        accepted = False
        self._goals.forget_expired()
        if goal_id not in self._goals:
            response = await await_or_execute(self._goal_callback, request.goal)
            if isinstance(response, GoalResponse):
                accepted = response is GoalResponse.ACCEPT
            else:
                self._logger.warning("Goal request callback did not return a GoalResponse type. Rejecting goal.")
        if accepted:
            info.stamp = self._node.get_clock().now().to_msg()
            goal_handle = ServerGoalHandle(self, info, request.goal)
            self._goals.add(goal_id, goal_handle)
        reply = self._action_type.Impl.SendGoalService.Response(accepted=accepted, stamp=info.stamp)
        if not self._reply(self._goal_service, header, reply, "goal") or not accepted:
            return
        await await_or_execute(self._handle_accepted_callback, goal_handle)

    def notify_execute(self, goal_handle: ServerGoalHandle, execute_callback: Callable[..., Any] | None) -> None:
        """Run a goal's work as a task of the executor."""
        self._node.executor.create_task(self._execute_goal, execute_callback or self._execute_callback, goal_handle)

    async def _execute_goal(self, execute_callback: Callable[..., Any], goal_handle: ServerGoalHandle) -> None:
        goal_id = bytes(goal_handle.goal_id.uuid)
        try:
            result = await await_or_execute(execute_callback, goal_handle)
        except Exception as error:
            result = self._action_type.Result()
            self._logger.error(f"Error raised in execute callback: {error}")
            traceback.print_exc()
        if goal_handle.is_active:
            self._logger.warning(f"Goal state not set, assuming aborted. Goal ID: {goal_handle.goal_id.uuid}")
            goal_handle.abort()
        response = self._action_type.Impl.GetResultService.Response()
        response.status = goal_handle.status
        try:
            response.result = result
        except AssertionError as error:
            self._logger.error(f"The execute callback returned no {self._action_type.__name__}.Result: {error}")
            response.result = self._action_type.Result()
        future = self._goals.result(goal_id)
        if future is not None:
            future.set_result(response)

    def notify_goal_done(self) -> None:
        """Look for results to forget; goals do it themselves."""
        self._goals.forget_expired()

    def _goal_ended(self, goal_handle: ServerGoalHandle) -> None:
        self._goals.end(goal_handle)

    def _publish_status(self) -> None:
        from action_msgs.msg import GoalStatus

        with self._goals.lock:
            message = self._action_type.Impl.GoalStatusMessage(
                status_list=[
                    GoalStatus(goal_info=handle._goal_info, status=handle.status) for handle in self._goals.for_status()
                ]
            )
            self._publish(self._status_writer, message)

    # --- cancelling ---

    async def _execute_cancel_request(self, header: RequestId, request: Any) -> None:
        response = self._action_type.Impl.CancelGoalService.Response()
        candidates, response.return_code = self._goals.to_cancel(request.goal_info, type(response))
        canceling = []
        for goal_handle in candidates:
            answer = await await_or_execute(self._cancel_callback, goal_handle)
            if answer is CancelResponse.ACCEPT:
                try:
                    goal_handle._update_state(GoalEvent.CANCEL_GOAL)
                except RCLError as error:  # it ended while the callback was running
                    self._logger.debug(f"Failed to cancel goal in cancel callback: {error}")
                else:
                    canceling.append(goal_handle._goal_info)
        response.goals_canceling = canceling
        self._reply(self._cancel_service, header, response, "cancel")

    # --- results ---

    async def _execute_get_result_request(self, header: RequestId, request: Any) -> None:
        self._goals.forget_expired()
        future = self._goals.result(bytes(request.goal_id.uuid))
        if future is None:
            response = self._action_type.Impl.GetResultService.Response()
            response.status = goal_states.UNKNOWN
            self._reply(self._result_service, header, response, "result")
            return
        future.add_done_callback(lambda done: self._reply(self._result_service, header, done.result(), "result"))

    # --- the end ---

    def _detach(self) -> None:
        if self._destroyed:
            return
        self._destroyed = True
        self._goals.destroy()
        for service in (self._goal_service, self._cancel_service, self._result_service):
            service.close()
        self._feedback_writer.close()
        self._status_writer.close()

    def destroy(self) -> None:
        """Stop serving; goals that run are forgotten."""
        self._detach()
        self._node.remove_waitable(self)
