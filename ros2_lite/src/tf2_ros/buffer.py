"""The buffer that nodes use: BufferCore with time-outs, futures and a service that shows the tree."""

from __future__ import annotations

import threading
import time as clock
from collections.abc import Callable
from typing import Any

import tf2_py as tf2
from geometry_msgs.msg import TransformStamped
from rclpy.clock import Clock, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.task import Future
from rclpy.time import Time
from tf2_msgs.srv import FrameGraph

from .buffer_interface import BufferInterface


class Buffer(tf2.BufferCore, BufferInterface):
    """Stores transforms and looks them up, waiting for them where a time-out is given.

    A wait blocks the calling thread: from a callback it needs an executor with another thread for the listener.
    """

    def __init__(self, cache_time: Duration | None = None, node: Node | None = None) -> None:
        """Create a buffer.

        Args:
            cache_time: how long to remember moving frames, 10 s by default.
            node: gives the clock, and offers the service `tf2_frames`.
        """
        tf2.BufferCore.__init__(self, *([] if cache_time is None else [cache_time]))
        BufferInterface.__init__(self)
        self._new_data_callbacks: list[Callable[[], None]] = []
        self._new_data = threading.Condition()
        if node is not None:
            self.srv = node.create_service(FrameGraph, "tf2_frames", self._frames_service)
            self.clock = node.get_clock()
        else:
            self.clock = Clock()
        threshold = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True)
        self.jump_handle = self.clock.create_jump_callback(threshold, post_callback=self.time_jump_callback)

    def _frames_service(self, request: Any, response: Any) -> Any:
        response.frame_yaml = self.all_frames_as_yaml()
        return response

    def time_jump_callback(self, time_jump: TimeJump) -> None:
        """Forget everything when time jumps back, as when a bag starts again."""
        get_logger("tf2_buffer").warning("Detected jump back in time. Clearing tf buffer.")
        self.clear()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform at its time."""
        super().set_transform(transform, authority)
        self._call_new_data_callbacks()

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform that holds at all times."""
        super().set_transform_static(transform, authority)
        self._call_new_data_callbacks()

    def _call_new_data_callbacks(self) -> None:
        with self._new_data:
            self._new_data.notify_all()
            waiting = list(self._new_data_callbacks)
        for callback in waiting:
            callback()

    def _remove_callback(self, callback: Callable[[], None]) -> None:
        with self._new_data:
            if callback in self._new_data_callbacks:
                self._new_data_callbacks.remove(callback)

    def lookup_transform(
        self, target_frame: str, source_frame: str, time: Time, timeout: Duration = Duration()
    ) -> TransformStamped:
        """Return the transform that takes coordinates in `source_frame` to `target_frame`.

        Args:
            target_frame: the frame to transform into.
            source_frame: the frame of the data.
            time: when; 0 for the latest time at which it is known.
            timeout: how long to wait for it.

        Raises:
            LookupException, ConnectivityException, ExtrapolationException, InvalidArgumentException: there is none.
        """
        self.can_transform(target_frame, source_frame, time, timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = Duration(),
    ) -> TransformStamped:
        """Return the transform between frames at two times, by way of a frame that does not move meanwhile."""
        self.can_transform_full(target_frame, target_time, source_frame, source_time, fixed_frame, timeout)
        return self.lookup_transform_full_core(target_frame, target_time, source_frame, source_time, fixed_frame)

    async def lookup_transform_async(self, target_frame: str, source_frame: str, time: Time) -> TransformStamped:
        """Return the transform once it is known, without blocking."""
        await self.wait_for_transform_async(target_frame, source_frame, time)
        return self.lookup_transform_core(target_frame, source_frame, time)

    async def lookup_transform_full_async(
        self, target_frame: str, target_time: Time, source_frame: str, source_time: Time, fixed_frame: str
    ) -> TransformStamped:
        """Return the transform between two times once it is known, without blocking."""
        await self.wait_for_transform_full_async(target_frame, target_time, source_frame, source_time, fixed_frame)
        return self.lookup_transform_full_core(target_frame, target_time, source_frame, source_time, fixed_frame)

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time,
        timeout: Duration = Duration(),
        return_debug_tuple: bool = False,
    ) -> Any:
        """Tell whether the transform is known (within the timeout), with the reason if `return_debug_tuple`."""
        return self._wait(
            lambda: self.can_transform_core(target_frame, source_frame, time), timeout, return_debug_tuple
        )

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Time,
        source_frame: str,
        source_time: Time,
        fixed_frame: str,
        timeout: Duration = Duration(),
        return_debug_tuple: bool = False,
    ) -> Any:
        """Tell whether the transform between two times is known (within the timeout)."""
        return self._wait(
            lambda: self.can_transform_full_core(target_frame, target_time, source_frame, source_time, fixed_frame),
            timeout,
            return_debug_tuple,
        )

    def _wait(self, question: Callable[[], tuple[int, str]], timeout: Duration, whole: bool) -> Any:
        deadline = clock.monotonic() + timeout.nanoseconds * 1e-9
        with self._new_data:
            answer = question()
            while not answer[0] and (left := deadline - clock.monotonic()) > 0:
                self._new_data.wait(left)
                answer = question()
        return answer if whole else answer[0]

    def wait_for_transform_async(self, target_frame: str, source_frame: str, time: Time) -> Future:
        """Return a future of the transform."""
        return self._future(
            lambda: self.can_transform_core(target_frame, source_frame, time),
            lambda: self.lookup_transform_core(target_frame, source_frame, time),
        )

    def wait_for_transform_full_async(
        self, target_frame: str, target_time: Time, source_frame: str, source_time: Time, fixed_frame: str
    ) -> Future:
        """Return a future of the transform between two times."""
        arguments = (target_frame, target_time, source_frame, source_time, fixed_frame)
        return self._future(
            lambda: self.can_transform_full_core(*arguments), lambda: self.lookup_transform_full_core(*arguments)
        )

    def _future(self, question: Callable[[], tuple[int, str]], answer: Callable[[], TransformStamped]) -> Future:
        future = Future()

        def try_again() -> None:
            try:
                if not future.done() and question()[0]:
                    future.set_result(answer())
            except Exception as e:
                future.set_exception(e)

        with self._new_data:
            self._new_data_callbacks.append(try_again)
        future.add_done_callback(lambda _: self._remove_callback(try_again))
        try_again()
        return future
