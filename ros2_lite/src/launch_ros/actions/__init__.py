"""Actions that launch ROS nodes."""

import importlib
from typing import TYPE_CHECKING, Any

from .node import Node
from .push_ros_namespace import PushROSNamespace
from .set_parameter import SetParameter
from .set_parameters_from_file import SetParametersFromFile
from .set_remap import SetRemap
from .set_ros_log_dir import SetROSLogDir

PushRosNamespace = PushROSNamespace

__all__ = [
    "LifecycleNode",
    "LifecycleTransition",
    "Node",
    "PushROSNamespace",
    "PushRosNamespace",
    "ROSTimer",
    "SetParameter",
    "SetParametersFromFile",
    "SetROSLogDir",
    "SetRemap",
    "SetUseSimTime",
]

# These need rclpy, which most launch files can do without; they are imported when asked for.
_WITH_RCLPY = {
    "LifecycleNode": "lifecycle_node",
    "LifecycleTransition": "lifecycle_transition",
    "ROSTimer": "ros_timer",
    "SetUseSimTime": "set_use_sim_time",
}
_LACKING = {
    "ComposableNodeContainer": "components are C++; use Node",
    "LoadComposableNodes": "components are C++; use Node",
}


def __getattr__(name: str) -> Any:
    if name == "RosTimer":
        name = "ROSTimer"
    if name in _WITH_RCLPY:
        return getattr(importlib.import_module(f"{__name__}.{_WITH_RCLPY[name]}"), name)
    if name in _LACKING:
        raise NotImplementedError(f"launch_ros.actions.{name} is not part of ros2_lite: {_LACKING[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if TYPE_CHECKING:
    from .lifecycle_node import LifecycleNode
    from .lifecycle_transition import LifecycleTransition
    from .ros_timer import ROSTimer
    from .set_use_sim_time import SetUseSimTime
