"""The action SetUseSimTime."""

from __future__ import annotations

from typing import Any

from launch.action import Action
from launch.frontend import expose_action
from launch.launch_context import LaunchContext

from ..ros_adapters import get_ros_node


@expose_action("set_use_sim_time")
class SetUseSimTime(Action):
    """Lets the launch's own node, and with it ROSTimer, follow /clock. For launched nodes see SetParameter."""

    def __init__(self, value: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__value = value

    @property
    def value(self) -> bool:
        """Whether it follows /clock."""
        return self.__value

    def execute(self, context: LaunchContext) -> None:
        """Set the node's parameter."""
        from rclpy.parameter import Parameter

        node = get_ros_node(context)
        node.set_parameters([Parameter("use_sim_time", Parameter.Type.BOOL, self.__value)])
        if node.get_parameter("use_sim_time").value != self.__value:
            raise RuntimeError("Failed to set use_sim_time parameter")
