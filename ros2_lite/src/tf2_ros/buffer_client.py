"""Lookups in a buffer that another node holds (`tf2_ros buffer_server`)."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import builtin_interfaces.msg
import tf2_py as tf2
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time
from tf2_msgs.action import LookupTransform
from tf2_msgs.msg import TF2Error

from .buffer_interface import BufferInterface

_EXCEPTIONS = {
    TF2Error.LOOKUP_ERROR: tf2.LookupException,
    TF2Error.CONNECTIVITY_ERROR: tf2.ConnectivityException,
    TF2Error.EXTRAPOLATION_ERROR: tf2.ExtrapolationException,
    TF2Error.INVALID_ARGUMENT_ERROR: tf2.InvalidArgumentException,
    TF2Error.TIMEOUT_ERROR: tf2.TimeoutException,
}


class BufferClient(BufferInterface):
    """Asks a buffer server by its action; the node must be spun by another thread."""

    def __init__(
        self, node: Node, ns: str, check_frequency: float = 10.0, timeout_padding: Duration = Duration(seconds=2.0)
    ) -> None:
        """Create the client.

        Args:
            node: whose client it is.
            ns: the action's name.
            check_frequency: kept for upstream's signature; nothing polls here.
            timeout_padding: how much longer than the lookup's time-out to wait for the server.
        """
        from rclpy.action.client import ActionClient  # most users of tf2_ros need no actions

        super().__init__()
        self.node = node
        self.action_client = ActionClient(node, LookupTransform, action_name=ns)
        self.check_frequency = check_frequency
        self.timeout_padding = timeout_padding

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = Duration()
    ) -> TransformStamped:
        """Return the transform; the exceptions are those of `Buffer.lookup_transform` and TimeoutException."""
        if isinstance(time, builtin_interfaces.msg.Time):
            warnings.warn(
                "Passing a builtin_interfaces.msg.Time argument is deprecated, and will be removed in the "
                "near future. Use rclpy.time.Time instead.",
                stacklevel=2,
            )
            time = Time.from_msg(time)
        elif not isinstance(time, Time):
            raise TypeError("Must pass a rclpy.time.Time object.")
        return self._ask(
            LookupTransform.Goal(
                target_frame=target_frame,
                source_frame=source_frame,
                source_time=time.to_msg(),
                timeout=timeout.to_msg(),
                advanced=False,
            ),
            timeout,
        )

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = Duration(),
    ) -> TransformStamped:
        """Return the transform between two times."""
        return self._ask(
            LookupTransform.Goal(
                target_frame=target_frame,
                source_frame=source_frame,
                source_time=source_time.to_msg(),
                timeout=timeout.to_msg(),
                target_time=target_time.to_msg(),
                fixed_frame=fixed_frame,
                advanced=True,
            ),
            timeout,
        )

    def can_transform(self, target_frame: str, source_frame: str, time: Time, timeout: Duration = Duration()) -> bool:
        """Tell whether the lookup succeeds."""
        try:
            self.lookup_transform(target_frame, source_frame, time, timeout)
        except tf2.TransformException:
            return False
        return True

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = Duration(),
    ) -> bool:
        """Tell whether the lookup between two times succeeds."""
        try:
            self.lookup_transform_full(target_frame, target_time, source_frame, source_time, fixed_frame, timeout)
        except tf2.TransformException:
            return False
        return True

    def _ask(self, goal: LookupTransform.Goal, timeout: Duration) -> TransformStamped:
        if not self.action_client.server_is_ready():
            raise tf2.TimeoutException("The BufferServer is not ready.")
        patience = (timeout.nanoseconds + self.timeout_padding.nanoseconds) * 1e-9
        handle = self._await(self.action_client.send_goal_async(goal), patience)
        if not handle.accepted:
            raise tf2.TimeoutException(
                "The LookupTransform goal sent to the BufferServer did not come back with "
                "accepted status. Something is likely wrong with the server."
            )
        result = self._await(handle.get_result_async(), patience).result
        if result.error.error != TF2Error.NO_ERROR:
            raise _EXCEPTIONS.get(result.error.error, tf2.TransformException)(result.error.error_string)
        return result.transform

    @staticmethod
    def _await(future: Any, patience: float) -> Any:
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        if not done.wait(patience):
            raise tf2.TimeoutException(
                "The LookupTransform goal sent to the BufferServer did not come back in the "
                "specified time. Something is likely wrong with the server."
            )
        return future.result()

    def destroy(self) -> None:
        """Give up the action client."""
        self.action_client.destroy()
