"""Where ROS time comes from: the system, or `/clock` under `use_sim_time`."""

from __future__ import annotations

from typing import Any

from rclpy.clock import ROSClock
from rclpy.clock_type import ClockType
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time

CLOCK_TOPIC = "/clock"
USE_SIM_TIME_NAME = "use_sim_time"


class TimeSource:
    """Drives clocks by `/clock` while its node's parameter `use_sim_time` is true."""

    def __init__(self, *, node: Any = None) -> None:
        self._clock_sub: Any = None
        self._node: Any = None
        self._associated_clocks: list[ROSClock] = []
        self._last_time_set = Time(clock_type=ClockType.ROS_TIME)
        self._ros_time_is_active = False
        if node is not None:
            self.attach_node(node)

    @property
    def ros_time_is_active(self) -> bool:
        """Does `/clock` drive the clocks?"""
        return self._ros_time_is_active

    @ros_time_is_active.setter
    def ros_time_is_active(self, enabled: bool) -> None:
        if self._ros_time_is_active == enabled:
            return
        self._ros_time_is_active = enabled
        for clock in self._associated_clocks:
            clock._set_ros_time_is_active(enabled)
        if enabled:
            self._subscribe_to_clock_topic()
        elif self._node is not None and self._clock_sub is not None:
            self._node.destroy_subscription(self._clock_sub)
            self._clock_sub = None

    def _subscribe_to_clock_topic(self) -> None:
        from rclpy.callback_groups import ReentrantCallbackGroup

        if self._clock_sub is None and self._node is not None:
            from rosgraph_msgs.msg import Clock as ClockMsg

            self._clock_sub = self._node.create_subscription(
                ClockMsg,
                CLOCK_TOPIC,
                self.clock_callback,
                QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
                callback_group=ReentrantCallbackGroup(),
            )

    def attach_node(self, node: Any) -> None:
        """Follow the node's `use_sim_time`, declaring it where it is not."""
        from rclpy.node import Node

        if not isinstance(node, Node):
            raise TypeError("Node must be of type rclpy.node.Node")
        if self._node is not None:
            self.detach_node()
        self._node = node
        if not node.has_parameter(USE_SIM_TIME_NAME):
            node.declare_parameter(USE_SIM_TIME_NAME, False)
        parameter = node.get_parameter(USE_SIM_TIME_NAME)
        if parameter.type_ is Parameter.Type.BOOL:
            self.ros_time_is_active = parameter.value
        else:
            node.get_logger().error(
                f"Invalid type for parameter '{USE_SIM_TIME_NAME}' {parameter.type_!r} should be bool"
            )
        node.add_on_set_parameters_callback(self._on_parameter_event)

    def detach_node(self) -> None:
        """Stop following the node; the clocks show the system's time."""
        self.ros_time_is_active = False
        if self._node is not None and self._on_parameter_event in self._node._on_set_parameters_callbacks:
            self._node.remove_on_set_parameters_callback(self._on_parameter_event)
        self._node = None

    def attach_clock(self, clock: ROSClock) -> None:
        """Drive a ROS clock."""
        if not isinstance(clock, ROSClock):
            raise ValueError("Only clocks with type ROS_TIME can be attached.")
        clock.set_ros_time_override(self._last_time_set)
        clock._set_ros_time_is_active(self._ros_time_is_active)
        self._associated_clocks.append(clock)

    def clock_callback(self, msg: Any) -> None:
        """Take a time from `/clock`."""
        self._last_time_set = Time.from_msg(msg.clock)
        for clock in self._associated_clocks:
            clock.set_ros_time_override(self._last_time_set)

    def _on_parameter_event(self, parameter_list: list[Parameter]) -> Any:
        from rcl_interfaces.msg import SetParametersResult

        for parameter in parameter_list:
            if parameter.name == USE_SIM_TIME_NAME:
                if parameter.type_ is not Parameter.Type.BOOL:
                    return SetParametersResult(
                        successful=False, reason=f"{USE_SIM_TIME_NAME} parameter set to something besides a bool"
                    )
                self.ros_time_is_active = parameter.value
        return SetParametersResult(successful=True)
