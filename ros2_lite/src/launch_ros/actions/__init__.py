"""Actions that launch ROS nodes."""

from typing import NoReturn

from .node import Node
from .push_ros_namespace import PushROSNamespace
from .set_parameter import SetParameter
from .set_parameters_from_file import SetParametersFromFile
from .set_remap import SetRemap
from .set_ros_log_dir import SetROSLogDir

PushRosNamespace = PushROSNamespace

__all__ = [
    "Node",
    "PushROSNamespace",
    "PushRosNamespace",
    "SetParameter",
    "SetParametersFromFile",
    "SetROSLogDir",
    "SetRemap",
]

_LACKING = {
    "ComposableNodeContainer": "components are C++; use Node",
    "LifecycleNode": "use Node, and change the state of its node with the ~/change_state service",
    "LifecycleTransition": "call the ~/change_state service",
    "LoadComposableNodes": "components are C++; use Node",
    "ROSTimer": "use launch.actions.TimerAction",
    "RosTimer": "use launch.actions.TimerAction",
    "SetUseSimTime": "the launch has no node of its own; for its nodes use SetParameter('use_sim_time', True)",
}


def __getattr__(name: str) -> NoReturn:
    if name in _LACKING:
        raise NotImplementedError(f"launch_ros.actions.{name} is not part of ros2_lite: {_LACKING[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
