"""Timers and rates."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock, ClockChange, JumpThreshold, TimeJump
from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.exceptions import InvalidHandle, ROSInterruptException
from rclpy.utilities import get_default_context
from ros2_lite.entity import Entity, Work


class Timer(Entity):
    """Calls back periodically. Make it with `Node.create_timer`."""

    def __init__(
        self,
        callback: Callable[[], Any] | None,
        callback_group: CallbackGroup | None,
        timer_period_ns: int,
        clock: Clock,
        *,
        context: Context | None = None,
        autostart: bool = True,
    ) -> None:
        self._context = get_default_context() if context is None else context
        self._clock = clock
        self.callback = callback
        self.callback_group = callback_group
        self._changed: Callable[[], Any] = _nothing
        self._lock = threading.Lock()
        if timer_period_ns < 0:
            raise ValueError(f"the timer's period must not be negative, got {timer_period_ns} ns")
        self._period = int(timer_period_ns)
        self._canceled = not autostart
        self._last = clock._now_ns()
        self._next = self._last + self._period
        self._jump_handle = None
        if clock.clock_type is ClockType.ROS_TIME:
            threshold = JumpThreshold(
                min_forward=Duration(nanoseconds=1), min_backward=Duration(nanoseconds=-1), on_clock_change=True
            )
            self._jump_handle = clock.create_jump_callback(threshold, post_callback=self._on_jump)

    def _on_jump(self, jump: TimeJump) -> None:
        """Keep the rest of the period when the clock changes its source or goes back."""
        now = self._clock._now_ns()
        with self._lock:
            if jump.clock_change in (ClockChange.ROS_TIME_ACTIVATED, ClockChange.ROS_TIME_DEACTIVATED):
                remaining = self._next - (now - jump.delta.nanoseconds)
                self._next = now + max(0, min(remaining, self._period))
                self._last = now
            elif self._next - now > self._period:  # time has jumped back
                self._next = now + self._period
                self._last = now
        self._changed()

    def destroy(self) -> None:
        """Destroy it; users call `Node.destroy_timer`."""
        self._require_alive()
        self._destroyed = True
        if self._jump_handle is not None:
            self._jump_handle.unregister()
        self._changed()

    @property
    def clock(self) -> Clock:
        """The clock it goes by."""
        return self._clock

    @property
    def timer_period_ns(self) -> int:
        """The period in nanoseconds; a new one counts from the next call on."""
        self._require_alive()
        return self._period

    @timer_period_ns.setter
    def timer_period_ns(self, value: int) -> None:
        self._require_alive()
        if int(value) < 0:
            raise ValueError(f"the timer's period must not be negative, got {value} ns")
        self._period = int(value)

    def is_ready(self) -> bool:
        """Is it time for the next call?"""
        self._require_alive()
        return not self._canceled and self._next <= self._clock._now_ns()

    def is_canceled(self) -> bool:
        """Has it been cancelled?"""
        self._require_alive()
        return self._canceled

    def cancel(self) -> None:
        """Stop calling until `reset`."""
        self._require_alive()
        self._canceled = True
        self._changed()

    def reset(self) -> None:
        """Start a new period now."""
        self._require_alive()
        with self._lock:
            self._next = self._clock._now_ns() + self._period
            self._canceled = False
        self._changed()

    def time_since_last_call(self) -> int:
        """Nanoseconds since the last call."""
        self._require_alive()
        return self._clock._now_ns() - self._last

    def time_until_next_call(self) -> int | None:
        """Nanoseconds until the next call, negative where it is late, None where it is cancelled."""
        self._require_alive()
        return None if self._canceled else self._next - self._clock._now_ns()

    def _wait_ns(self) -> int | None:
        """How long an executor may sleep for this timer's sake; None: until something else wakes it."""
        if self._canceled or self._destroyed:
            return None
        remaining = self._next - self._clock._now_ns()
        if remaining <= 0:
            return 0
        return None if self._clock._seconds_until(self._next) is None else remaining

    def _take(self, which: int = 0) -> Work | None:
        with self._lock:
            now = self._clock._now_ns()
            if self._canceled or self._destroyed or self._next > now:
                return None
            self._last = now
            # The next call is one period after this one was due, not after it came: no drift. Missed ones are skipped.
            self._next += self._period
            if self._next <= now:
                self._next = (
                    now if self._period == 0 else (self._next + (1 + (now - self._next) // self._period) * self._period)
                )
        return self.callback or _nothing


def _nothing() -> None:
    return None


class Rate:
    """Sleeps at a fixed rate. Make it with `Node.create_rate`; another thread has to spin."""

    def __init__(self, timer: Timer, *, context: Context) -> None:
        self._timer = timer
        self._context = context
        self._is_shutdown = False
        self._is_destroyed = False
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._num_sleepers = 0
        timer.callback = self._event.set
        context.on_shutdown(self._on_shutdown)
        context._add_interrupt(self._on_shutdown)

    def _on_shutdown(self) -> None:
        self._is_shutdown = True
        self.destroy()

    def destroy(self) -> None:
        """Wake all sleepers for good."""
        self._is_destroyed = True
        self._event.set()

    def sleep(self) -> None:
        """Block until the timer's next call; ROSInterruptException where the context ends first."""
        if self._is_shutdown:
            raise ROSInterruptException()
        if self._is_destroyed:
            raise RuntimeError("Rate cannot sleep because it has been destroyed")
        if self._timer._destroyed:
            self.destroy()
            raise InvalidHandle("Rate cannot sleep because the timer has been destroyed")
        with self._lock:
            self._num_sleepers += 1
        try:
            self._event.wait()
        finally:
            with self._lock:
                self._num_sleepers -= 1
                if self._num_sleepers == 0:
                    self._event.clear()
            if self._is_shutdown:
                self.destroy()
                raise ROSInterruptException()
