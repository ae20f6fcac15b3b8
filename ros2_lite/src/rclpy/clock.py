"""Clocks: system, steady, and ROS time, which a simulation may drive."""

from __future__ import annotations

import threading
import time as _time
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.exceptions import NotInitializedException
from rclpy.time import Time
from rclpy.utilities import get_default_context


class ClockChange(IntEnum):
    """What happened to a clock at a time jump."""

    ROS_TIME_NO_CHANGE = 1
    ROS_TIME_ACTIVATED = 2
    ROS_TIME_DEACTIVATED = 3
    SYSTEM_TIME_NO_CHANGE = 4


class JumpThreshold:
    """How large a time jump has to be to be reported."""

    def __init__(
        self, *, min_forward: Duration | None, min_backward: Duration | None, on_clock_change: bool = True
    ) -> None:
        """`min_forward` is positive, `min_backward` negative; None turns each off, but not all three."""
        if min_forward is not None and min_forward.nanoseconds <= 0:
            raise ValueError("min_forward must be a positive non-zero duration")
        if min_backward is not None and min_backward.nanoseconds >= 0:
            raise ValueError("min_backward must be a negative non-zero duration")
        if min_forward is None and min_backward is None and not on_clock_change:
            raise ValueError("At least one jump threshold must be enabled")
        self.min_forward = min_forward
        self.min_backward = min_backward
        self.on_clock_change = on_clock_change


class TimeJump:
    """A time jump: what changed, and by how much."""

    def __init__(self, clock_change: ClockChange, delta: Duration) -> None:
        if not isinstance(clock_change, ClockChange):
            raise TypeError("clock_change must be an instance of rclpy.clock.ClockChange")
        self._clock_change = clock_change
        self._delta = delta

    @property
    def clock_change(self) -> ClockChange:
        """What changed."""
        return self._clock_change

    @property
    def delta(self) -> Duration:
        """New time minus old time."""
        return self._delta


class JumpHandle:
    """A registered time jump callback; a context manager that unregisters it."""

    def __init__(
        self,
        *,
        clock: Clock,
        threshold: JumpThreshold,
        pre_callback: Callable[[], None] | None,
        post_callback: Callable[[TimeJump], None] | None,
    ) -> None:
        if pre_callback is None and post_callback is None:
            raise ValueError("One of pre_callback or post_callback must be callable")
        if pre_callback is not None and not callable(pre_callback):
            raise ValueError("pre_callback must be callable if given")
        if post_callback is not None and not callable(post_callback):
            raise ValueError("post_callback must be callable if given")
        self._clock: Clock | None = clock
        self._threshold = threshold
        self._pre_callback = pre_callback
        self._post_callback = post_callback
        clock._jump_handles.append(self)

    def unregister(self) -> None:
        """Stop being called."""
        if self._clock is not None:
            if self in self._clock._jump_handles:
                self._clock._jump_handles.remove(self)
            self._clock = None

    def _applies(self, change: ClockChange, delta_ns: int) -> bool:
        limit = self._threshold
        if change in (ClockChange.ROS_TIME_ACTIVATED, ClockChange.ROS_TIME_DEACTIVATED):
            return limit.on_clock_change
        if limit.min_forward is not None and delta_ns >= limit.min_forward.nanoseconds:
            return True
        return limit.min_backward is not None and delta_ns <= limit.min_backward.nanoseconds

    def __enter__(self) -> JumpHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.unregister()


class Clock:
    """A clock; ask for ROS_TIME and get a ROSClock."""

    _clock_type: ClockType
    _jump_handles: list[JumpHandle]

    def __new__(cls, *, clock_type: ClockType = ClockType.SYSTEM_TIME) -> Clock:
        if not isinstance(clock_type, ClockType):
            raise TypeError("Clock type must be a ClockType enum")
        self = super().__new__(ROSClock if clock_type is ClockType.ROS_TIME else cls)
        self._clock_type = clock_type
        self._jump_handles = []
        return self

    def __init__(self, *, clock_type: ClockType = ClockType.SYSTEM_TIME) -> None:
        del clock_type  # __new__ has it

    @property
    def clock_type(self) -> ClockType:
        """The kind of clock."""
        return self._clock_type

    @property
    def handle(self) -> Clock:
        """Return the clock itself: there is no C object behind it."""
        return self

    def __enter__(self) -> Clock:
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def __repr__(self) -> str:
        return f"Clock(clock_type={self.clock_type.name})"

    def _now_ns(self) -> int:
        return _time.monotonic_ns() if self._clock_type is ClockType.STEADY_TIME else _time.time_ns()

    def now(self) -> Time:
        """Return the time."""
        return Time(nanoseconds=self._now_ns(), clock_type=self._clock_type)

    def create_jump_callback(
        self,
        threshold: JumpThreshold,
        *,
        pre_callback: Callable[[], None] | None = None,
        post_callback: Callable[[TimeJump], None] | None = None,
    ) -> JumpHandle:
        """Call `pre_callback()` before and `post_callback(TimeJump)` after each jump beyond `threshold`."""
        return JumpHandle(clock=self, threshold=threshold, pre_callback=pre_callback, post_callback=post_callback)

    def sleep_until(self, until: Time, context: Context | None = None) -> bool:
        """Sleep until this clock shows `until`; False where shutdown or a change of time source came first."""
        context = get_default_context() if context is None else context
        if not context.ok():
            raise NotInitializedException()
        if until.clock_type != self._clock_type:
            raise ValueError("until's clock type does not match this clock's type")
        wake = threading.Event()
        source_changed = False

        def on_jump(jump: TimeJump) -> None:
            nonlocal source_changed
            if jump.clock_change in (ClockChange.ROS_TIME_ACTIVATED, ClockChange.ROS_TIME_DEACTIVATED):
                source_changed = True
            if source_changed or self._now_ns() >= until.nanoseconds:
                wake.set()

        context.on_shutdown(wake.set)
        context._add_interrupt(wake.set)
        threshold = JumpThreshold(min_forward=Duration(nanoseconds=1), min_backward=None)
        try:
            with self.create_jump_callback(threshold, post_callback=on_jump):
                while not wake.is_set() and self._now_ns() < until.nanoseconds:
                    wake.wait(self._seconds_until(until.nanoseconds))
        finally:
            context._remove_interrupt(wake.set)
        if not context.ok() or source_changed:
            return False
        return self._now_ns() >= until.nanoseconds

    def _seconds_until(self, nanoseconds: int) -> float | None:
        """Seconds this clock needs to reach a time; None where only a jump can bring it there."""
        return max(0.0, (nanoseconds - self._now_ns()) * 1e-9)

    def sleep_for(self, rel_time: Duration, context: Context | None = None) -> bool:
        """Sleep for a while; False as in `sleep_until`."""
        return self.sleep_until(self.now() + rel_time, context)


class ROSClock(Clock):
    """The system's time, or that of `/clock` while ROS time is active."""

    _active: bool
    _override_ns: int

    def __new__(cls) -> ROSClock:
        self = super().__new__(Clock, clock_type=ClockType.ROS_TIME)
        assert isinstance(self, ROSClock)
        return self

    def __init__(self, *, clock_type: ClockType = ClockType.ROS_TIME) -> None:
        del clock_type
        self._active = False
        self._override_ns = 0

    @property
    def ros_time_is_active(self) -> bool:
        """Does `/clock` (or an override) drive this clock?"""
        return self._active

    def _now_ns(self) -> int:
        return self._override_ns if self._active else _time.time_ns()

    def _seconds_until(self, nanoseconds: int) -> float | None:
        return None if self._active else super()._seconds_until(nanoseconds)

    def _set_ros_time_is_active(self, enabled: bool) -> None:
        if enabled == self._active:
            return
        before = self._now_ns()
        change = ClockChange.ROS_TIME_ACTIVATED if enabled else ClockChange.ROS_TIME_DEACTIVATED
        after = self._override_ns if enabled else _time.time_ns()

        def apply() -> None:
            self._active = enabled

        self._jump(change, after - before, apply)

    def set_ros_time_override(self, time: Time) -> None:
        """Set what the clock shows while ROS time is active."""
        if not isinstance(time, Time):
            raise TypeError(f"Time must be specified as rclpy.time.Time. Received type: {type(time)}")

        def apply() -> None:
            self._override_ns = time.nanoseconds

        if self._active:
            self._jump(ClockChange.ROS_TIME_NO_CHANGE, time.nanoseconds - self._override_ns, apply)
        else:
            apply()

    def _jump(self, change: ClockChange, delta_ns: int, apply: Callable[[], None]) -> None:
        concerned = [handle for handle in list(self._jump_handles) if handle._applies(change, delta_ns)]
        for handle in concerned:
            if handle._pre_callback is not None:
                handle._pre_callback()
        apply()
        jump = TimeJump(change, Duration(nanoseconds=delta_ns))
        for handle in concerned:
            if handle._post_callback is not None:
                handle._post_callback(jump)


def __getattr__(name: str) -> Any:
    from ros2_lite.missing import missing

    raise missing(__name__, name)
