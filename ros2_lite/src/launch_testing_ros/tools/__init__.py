"""Tools for launch tests with a ROS graph."""

from .output import basic_output_filter

__all__ = ["basic_output_filter"]
