"""Times, durations, clocks and simulated time."""

import threading

import pytest
from builtin_interfaces.msg import Duration as DurationMsg
from builtin_interfaces.msg import Time as TimeMsg
from rclpy.clock import Clock, ClockChange, JumpThreshold, ROSClock
from rclpy.clock_type import ClockType
from rclpy.duration import Duration, Infinite
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMsg


def test_durations():
    assert Duration(seconds=1.5, nanoseconds=7).nanoseconds == 1_500_000_007
    assert Duration(seconds=1) > Duration(nanoseconds=5)
    assert Duration(seconds=-1).to_msg() == DurationMsg(sec=-1, nanosec=0)
    assert Duration(seconds=-0.25).to_msg() == DurationMsg(sec=-1, nanosec=750_000_000)
    assert Duration.from_msg(DurationMsg(sec=2, nanosec=5)).nanoseconds == 2_000_000_005
    assert str(Infinite) == "Infinite"
    assert repr(Duration(nanoseconds=3)) == "Duration(nanoseconds=3)"
    assert Duration(seconds=1) != 1
    with pytest.raises(OverflowError):
        Duration(seconds=2**63)
    with pytest.raises(TypeError):
        Duration.from_msg(TimeMsg())


def test_times():
    time = Time(seconds=1, nanoseconds=5)
    assert time.seconds_nanoseconds() == (1, 5)
    assert time + Duration(seconds=1) == Time(seconds=2, nanoseconds=5)
    assert time - Duration(nanoseconds=5) == Time(seconds=1)
    assert time - Time(seconds=1) == Duration(nanoseconds=5)
    assert Time(seconds=1) < time <= time
    assert time.to_msg() == TimeMsg(sec=1, nanosec=5)
    assert Time.from_msg(TimeMsg(sec=1, nanosec=5)).clock_type == ClockType.ROS_TIME
    for wrong in ({"seconds": -1}, {"nanoseconds": -1}):
        with pytest.raises(ValueError):
            Time(**wrong)
    with pytest.raises(ValueError):
        Time(seconds=1) - Duration(seconds=2)
    with pytest.raises(TypeError):
        Time(clock_type=ClockType.STEADY_TIME) - Time()
    with pytest.raises(TypeError):
        assert Time(clock_type=ClockType.STEADY_TIME) < Time()


def test_clocks():
    assert isinstance(Clock(clock_type=ClockType.ROS_TIME), ROSClock)
    for kind in (ClockType.SYSTEM_TIME, ClockType.STEADY_TIME, ClockType.ROS_TIME):
        clock = Clock(clock_type=kind)
        first = clock.now()
        assert first.clock_type == clock.clock_type == kind
        assert clock.now() >= first
    with pytest.raises(TypeError):
        Clock(clock_type="steady")


def test_jump_callbacks():
    clock = ROSClock()
    jumps = []
    threshold = JumpThreshold(min_forward=Duration(seconds=1), min_backward=Duration(seconds=-1), on_clock_change=True)
    with clock.create_jump_callback(
        threshold,
        pre_callback=lambda: jumps.append("before"),
        post_callback=lambda jump: jumps.append((jump.clock_change, jump.delta.nanoseconds)),
    ):
        clock.set_ros_time_override(Time(seconds=10, clock_type=ClockType.ROS_TIME))
        assert jumps == []
        clock._set_ros_time_is_active(True)
        assert jumps[0] == "before"
        assert jumps[1][0] == ClockChange.ROS_TIME_ACTIVATED
        del jumps[:]
        clock.set_ros_time_override(Time(seconds=10.5, clock_type=ClockType.ROS_TIME))
        assert jumps == []
        clock.set_ros_time_override(Time(seconds=12, clock_type=ClockType.ROS_TIME))
        clock.set_ros_time_override(Time(seconds=9, clock_type=ClockType.ROS_TIME))
        assert jumps == [
            "before",
            (ClockChange.ROS_TIME_NO_CHANGE, 1_500_000_000),
            "before",
            (ClockChange.ROS_TIME_NO_CHANGE, -3_000_000_000),
        ]
    clock.set_ros_time_override(Time(seconds=99, clock_type=ClockType.ROS_TIME))
    assert len(jumps) == 4
    with pytest.raises(ValueError):
        JumpThreshold(min_forward=Duration(seconds=-1), min_backward=None)


def test_sleeping_on_a_clock(ros):
    for kind in (ClockType.SYSTEM_TIME, ClockType.STEADY_TIME, ClockType.ROS_TIME):
        clock = Clock(clock_type=kind)
        start = clock.now()
        assert clock.sleep_for(Duration(seconds=0.05), context=ros.context)
        assert clock.now() - start >= Duration(seconds=0.05)
    with pytest.raises(ValueError):
        Clock().sleep_until(Time(clock_type=ClockType.STEADY_TIME), context=ros.context)


def test_shutdown_wakes_a_sleeper(ros):
    timer = threading.Timer(0.05, ros.context.try_shutdown)
    timer.start()
    assert Clock().sleep_for(Duration(seconds=60), context=ros.context) is False
    timer.join()


def test_use_sim_time_follows_the_clock_topic(ros):
    node = ros.node("node", parameter_overrides=[Parameter("use_sim_time", value=True)])
    calls = []
    node.create_timer(1.0, lambda: calls.append(node.get_clock().now().nanoseconds))
    clock = ros.node("world").create_publisher(ClockMsg, "/clock", QoSProfile(depth=10))
    assert node.get_clock().ros_time_is_active
    assert node.get_clock().now().nanoseconds == 0
    ros.until(lambda: clock.get_subscription_count() == 1)

    def tick(seconds):
        clock.publish(ClockMsg(clock=Time(seconds=seconds).to_msg()))
        ros.until(lambda: node.get_clock().now() == Time(seconds=seconds, clock_type=ClockType.ROS_TIME))
        ros.spin_for(0.05)

    tick(0.5)
    assert calls == []
    tick(1.5)
    assert calls == [1_500_000_000]
    tick(1.9)
    assert len(calls) == 1
    tick(2.1)
    assert len(calls) == 2


def test_use_sim_time_can_be_switched(ros):
    node = ros.node()
    assert not node.get_clock().ros_time_is_active
    assert node.set_parameters([Parameter("use_sim_time", value=True)])[0].successful
    assert node.get_clock().ros_time_is_active
    assert node.set_parameters([Parameter("use_sim_time", value=False)])[0].successful
    assert not node.get_clock().ros_time_is_active
    assert not node.set_parameters([Parameter("use_sim_time", value="yes")])[0].successful
