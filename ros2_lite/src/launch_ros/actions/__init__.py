"""Actions that launch ROS nodes."""

from typing import NoReturn

from ._settings import (
    PushROSNamespace,
    SetParameter,
    SetParametersFromFile,
    SetRemap,
    SetROSLogDir,
)
from .node import Node

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
    "SetUseSimTime": "use SetParameter('use_sim_time', True)",
}


def __getattr__(name: str) -> NoReturn:
    if name in _LACKING:
        raise NotImplementedError(f"launch_ros.actions.{name} is not part of ros2_lite: {_LACKING[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
