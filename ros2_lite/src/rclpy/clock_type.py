"""The kinds of clock."""

from enum import IntEnum


class ClockType(IntEnum):
    """Where a clock's time comes from (`rcl_clock_type_t`)."""

    UNINITIALIZED = 0
    ROS_TIME = 1
    SYSTEM_TIME = 2
    STEADY_TIME = 3
