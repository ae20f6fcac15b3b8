"""Upstream keeps its C extension here; of that, ros2_lite has the errors."""

from rclpy import _rclpy_pybind11 as rclpy_implementation

__all__ = ["rclpy_implementation"]
