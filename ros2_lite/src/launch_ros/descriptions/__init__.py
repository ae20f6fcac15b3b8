"""Descriptions of what launch_ros's actions run."""

from typing import NoReturn

from ..parameter_descriptions import Parameter, ParameterFile, ParameterValue

__all__ = ["Parameter", "ParameterFile", "ParameterValue"]


def __getattr__(name: str) -> NoReturn:
    if name == "ComposableNode":
        raise NotImplementedError(
            "launch_ros.descriptions.ComposableNode is not part of ros2_lite: components are C++; use Node"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
